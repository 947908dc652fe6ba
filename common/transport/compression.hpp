#pragma once

#include <zlib.h>

#include "common/base/bytes.hpp"
#include "common/transport/compression_effort.hpp"

namespace culvert {

/// The names of RFC 4253 6.2 and OpenSSH PROTOCOL 1.2 that we know. zlib@openssh.com is zlib that
/// begins once the user is authenticated; plain `zlib` would let anybody feed the inflater and is
/// never offered.
constexpr std::string_view no_compression = "none";
constexpr std::string_view delayed_zlib = "zlib@openssh.com";

/// Deflates one direction's payloads; a payload refers back to all that went before it. Where that
/// is no use, payloads go into stored blocks (RFC 1951 3.2.4), which cost a copy.
class Compressor {
public:
    Compressor();
    Compressor(const Compressor&) = delete;
    Compressor& operator=(const Compressor&) = delete;
    ~Compressor() { deflateEnd(&stream_); }

    /// No payload of `length` bytes becomes longer than this.
    std::size_t bound(std::size_t length) noexcept;
    /// Writes the compressed payload to the front of `to`, which has bound(payload.size()) bytes,
    /// and returns its length. Flushed, so that the peer can read all of it at once.
    std::size_t compress(Bytes payload, MutableBytes to);

private:
    std::size_t deflate_into(Bytes payload, int flush, MutableBytes to);
    std::size_t store(Bytes payload, MutableBytes to);

    z_stream stream_{};
    CompressionEffort effort_;
    bool storing_ = false;
};

/// Inflates one direction's payloads.
class Decompressor {
public:
    Decompressor();
    Decompressor(const Decompressor&) = delete;
    Decompressor& operator=(const Decompressor&) = delete;
    ~Decompressor() { inflateEnd(&stream_); }

    /// Valid until the next call. Throws ProtocolError for what is no deflate stream and for a
    /// payload that inflates to more than `largest_payload` bytes.
    MutableBytes decompress(Bytes payload);

    static constexpr std::size_t largest_payload = 256 * 1024;

private:
    z_stream stream_{};
    ByteVector payload_;
};

}  // namespace culvert
