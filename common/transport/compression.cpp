#include "common/transport/compression.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "common/base/error.hpp"
#include "common/wire/protocol_error.hpp"

namespace culvert {
namespace {

constexpr std::size_t first_payload_capacity = 64 * 1024;

// Twice as fast as zlib's default, 6, and its output is a few percent longer.
constexpr int level = 4;

constexpr std::size_t longest_stored_block = 65'535;
constexpr std::size_t stored_block_header = 5;

// zlib's documentation asks for six bytes more than deflateBound for each flush.
constexpr std::size_t flush_allowance = 16;

[[noreturn]] void out_of_memory() { throw Error{ErrorKind::internal, "zlib has no memory left"}; }

Bytef* input_for_zlib(Bytes bytes) {
    // z_stream's input pointer is not const unless ZLIB_CONST is set; zlib doesn't write to it.
    return const_cast<Bytef*>(uchar(bytes));
}

}  // namespace

Compressor::Compressor() {
    if (deflateInit(&stream_, level) != Z_OK) out_of_memory();
}

std::size_t Compressor::bound(std::size_t length) noexcept {
    const std::size_t blocks = length / longest_stored_block + 1;
    const std::size_t stored = length + blocks * stored_block_header;
    const std::size_t deflated = deflateBound(&stream_, static_cast<uLong>(length));
    return std::max(stored, deflated) + flush_allowance;
}

std::size_t Compressor::compress(Bytes payload, MutableBytes to) {
    if (effort_.stores()) {
        effort_.on_stored(payload.size());
        return store(payload, to);
    }
    storing_ = false;
    const std::size_t length = deflate_into(payload, Z_PARTIAL_FLUSH, to);
    effort_.on_deflated(payload.size(), length);
    return length;
}

std::size_t Compressor::deflate_into(Bytes payload, int flush, MutableBytes to) {
    stream_.next_in = input_for_zlib(payload);
    stream_.avail_in = static_cast<uInt>(payload.size());
    stream_.next_out = uchar(to);
    stream_.avail_out = static_cast<uInt>(to.size());
    const int status = deflate(&stream_, flush);
    if (status != Z_OK || stream_.avail_in != 0 || stream_.avail_out == 0) {
        throw Error{ErrorKind::internal, "zlib could not compress a payload"};
    }
    return to.size() - stream_.avail_out;
}

/// Writes the blocks ourselves. zlib doesn't see them, so before the first one it is told to forget
/// what came before: later it must not refer back across them.
std::size_t Compressor::store(Bytes payload, MutableBytes to) {
    std::size_t length = 0;
    if (!std::exchange(storing_, true)) length = deflate_into({}, Z_FULL_FLUSH, to);
    do {
        const Bytes block = payload.first(std::min(payload.size(), longest_stored_block));
        payload = payload.subspan(block.size());
        const auto size = static_cast<std::uint16_t>(block.size());
        const auto inverse = static_cast<std::uint16_t>(~size);
        const std::array<std::byte, stored_block_header> header{
            std::byte{0}, std::byte(size & 0xff), std::byte(size >> 8), std::byte(inverse & 0xff),
            std::byte(inverse >> 8)};
        std::ranges::copy(header, to.subspan(length).begin());
        length += header.size();
        std::ranges::copy(block, to.subspan(length).begin());
        length += block.size();
    } while (!payload.empty());
    return length;
}

Decompressor::Decompressor() {
    if (inflateInit(&stream_) != Z_OK) out_of_memory();
    // The checksum stands at the end of a stream, and these have none.
    inflateValidate(&stream_, 0);
}

MutableBytes Decompressor::decompress(Bytes payload) {
    if (payload_.empty()) payload_.resize(first_payload_capacity);
    stream_.next_in = input_for_zlib(payload);
    stream_.avail_in = static_cast<uInt>(payload.size());
    std::size_t length = 0;
    for (;;) {
        stream_.next_out = uchar(MutableBytes{payload_}) + length;
        stream_.avail_out = static_cast<uInt>(payload_.size() - length);
        const int status = inflate(&stream_, Z_SYNC_FLUSH);
        length = payload_.size() - stream_.avail_out;
        // Z_BUF_ERROR says that nothing was left to do: the payload ended with the last round.
        const bool finished = status == Z_BUF_ERROR || (status == Z_OK && stream_.avail_out > 0);
        if (finished) break;
        if (status != Z_OK) {
            throw ProtocolError{"a compressed packet is no zlib data",
                                DisconnectReason::compression_error};
        }
        if (payload_.size() == largest_payload + 1) {
            throw ProtocolError{"a compressed packet inflates to more than 256 KiB",
                                DisconnectReason::compression_error};
        }
        // One byte past the limit tells a payload of exactly the limit from a longer one.
        payload_.resize(std::min(payload_.size() * 2, largest_payload + 1));
    }
    return MutableBytes{payload_}.first(length);
}

}  // namespace culvert
