#include "common/compression/zlib.hpp"

#include <algorithm>
#include <utility>

#include "common/base/error.hpp"
#include "common/wire/protocol_error.hpp"

namespace culvert {
namespace {

// zlib's default, 6, makes 23 MB/s of mail and a ratio of 2.47; 3 makes 46 and 2.30.
constexpr int level_of(CompressionLevel level) noexcept {
    return level == CompressionLevel::quick ? 3 : 6;
}

constexpr std::size_t longest_stored_block = 65'535;
constexpr std::size_t stored_block_header = 5;

// zlib's documentation asks for six bytes more than deflateBound for each flush.
constexpr std::size_t flush_allowance = 16;

[[noreturn]] void out_of_memory() { throw Error{ErrorKind::internal, "zlib has no memory left"}; }

ProtocolError refusal(const char* text) {
    return ProtocolError{text, DisconnectReason::compression_error};
}

void write_stored_header(std::size_t length, MutableBytes to) noexcept {
    const auto size = static_cast<std::uint16_t>(length);
    const auto inverse = static_cast<std::uint16_t>(~size);
    to[0] = std::byte{0};
    to[1] = std::byte(size & 0xff);
    to[2] = std::byte(size >> 8);
    to[3] = std::byte(inverse & 0xff);
    to[4] = std::byte(inverse >> 8);
}

Bytef* input_for_zlib(Bytes bytes) {
    // z_stream's input pointer is not const unless ZLIB_CONST is set; zlib doesn't write to it.
    return const_cast<Bytef*>(uchar(bytes));
}

}  // namespace

ZlibCompressor::ZlibCompressor() {
    if (deflateInit(&stream_, level_of(level_)) != Z_OK) out_of_memory();
}

std::size_t ZlibCompressor::bound(std::size_t length) noexcept {
    const std::size_t blocks = length / longest_stored_block + 1;
    const std::size_t stored = length + blocks * stored_block_header;
    const std::size_t deflated = deflateBound(&stream_, static_cast<uLong>(length));
    return std::max(stored, deflated) + flush_allowance;
}

std::size_t ZlibCompressor::compress(Bytes payload, MutableBytes to) {
    if (compressibility_.stores()) {
        compressibility_.on_stored(payload.size());
        return store(payload, to);
    }
    storing_ = false;
    // All that came before is flushed, so this writes nothing.
    deflateParams(&stream_, level_of(level_), Z_DEFAULT_STRATEGY);
    const std::size_t length = deflate_into(payload, Z_PARTIAL_FLUSH, to);
    compressibility_.on_deflated(payload.size(), length);
    return length;
}

std::size_t ZlibCompressor::deflate_into(Bytes payload, int flush, MutableBytes to) {
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
std::size_t ZlibCompressor::store(Bytes payload, MutableBytes to) {
    std::size_t length = 0;
    if (!std::exchange(storing_, true)) length = deflate_into({}, Z_FULL_FLUSH, to);
    do {
        const Bytes block = payload.first(std::min(payload.size(), longest_stored_block));
        payload = payload.subspan(block.size());
        write_stored_header(block.size(), to.subspan(length));
        length += stored_block_header;
        std::ranges::copy(block, to.subspan(length).begin());
        length += block.size();
    } while (!payload.empty());
    return length;
}

std::optional<std::size_t> ZlibCompressor::stored_header(std::size_t capacity) const noexcept {
    if (!storing_ || !compressibility_.stores() || capacity > longest_stored_block)
        return std::nullopt;
    return stored_block_header;
}

void ZlibCompressor::store_in_place(MutableBytes room) noexcept {
    const std::size_t length = room.size() - stored_block_header;
    write_stored_header(length, room);
    compressibility_.on_stored(length);
}

ZlibDecompressor::ZlibDecompressor() {
    if (inflateInit(&stream_) != Z_OK) out_of_memory();
    // The checksum stands at the end of a stream, and these have none.
    inflateValidate(&stream_, 0);
}

MutableBytes ZlibDecompressor::decompress(MutableBytes packet, PayloadArena& payloads) {
    stream_.next_in = input_for_zlib(packet);
    stream_.avail_in = static_cast<uInt>(packet.size());
    std::size_t length = 0;
    for (MutableBytes room = payloads.space(limits::buffer::inflated_payload);;) {
        stream_.next_out = uchar(room) + length;
        stream_.avail_out = static_cast<uInt>(room.size() - length);
        const int status = inflate(&stream_, Z_SYNC_FLUSH);
        length = room.size() - stream_.avail_out;
        // Z_BUF_ERROR says that nothing was left to do: the payload ended with the last round.
        const bool finished = status == Z_BUF_ERROR || (status == Z_OK && stream_.avail_out > 0);
        if (finished) return payloads.payload(length);
        if (status != Z_OK) throw refusal("a compressed packet is no zlib data");
        if (length > largest_inflated_payload) {
            throw refusal("a compressed packet inflates to more than 256 KiB");
        }
        // One byte past the limit tells a payload of exactly the limit from a longer one.
        room = payloads.space(std::min(length * 2, largest_inflated_payload + 1), length);
    }
}

}  // namespace culvert
