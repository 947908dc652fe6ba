#include "common/transport/compression.hpp"

#include <algorithm>

#include "common/base/error.hpp"
#include "common/wire/protocol_error.hpp"

namespace culvert {
namespace {

constexpr std::size_t first_payload_capacity = 64 * 1024;

// zlib's documentation asks for six bytes more than deflateBound for each flush.
constexpr std::size_t flush_allowance = 16;

[[noreturn]] void out_of_memory() { throw Error{ErrorKind::internal, "zlib has no memory left"}; }

Bytef* input_for_zlib(Bytes bytes) {
    // z_stream's input pointer is not const unless ZLIB_CONST is set; zlib doesn't write to it.
    return const_cast<Bytef*>(uchar(bytes));
}

}  // namespace

Compressor::Compressor() {
    if (deflateInit(&stream_, Z_DEFAULT_COMPRESSION) != Z_OK) out_of_memory();
}

std::size_t Compressor::bound(std::size_t length) noexcept {
    return deflateBound(&stream_, static_cast<uLong>(length)) + flush_allowance;
}

std::size_t Compressor::compress(Bytes payload, MutableBytes to) {
    stream_.next_in = input_for_zlib(payload);
    stream_.avail_in = static_cast<uInt>(payload.size());
    stream_.next_out = uchar(to);
    stream_.avail_out = static_cast<uInt>(to.size());
    const int status = deflate(&stream_, Z_PARTIAL_FLUSH);
    if (status != Z_OK || stream_.avail_in != 0 || stream_.avail_out == 0) {
        throw Error{ErrorKind::internal, "zlib could not compress a payload"};
    }
    return to.size() - stream_.avail_out;
}

Decompressor::Decompressor() {
    if (inflateInit(&stream_) != Z_OK) out_of_memory();
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
