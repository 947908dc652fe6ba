#pragma once

#include <zlib.h>

#include "common/compression/compressibility.hpp"
#include "common/compression/compressor.hpp"

namespace culvert {

/// zlib@openssh.com (OpenSSH PROTOCOL 1.2): one zlib stream (RFC 1950), flushed at the end of each
/// payload. What doesn't shrink goes into stored blocks (RFC 1951 3.2.4).
class ZlibCompressor final : public Compressor {
public:
    ZlibCompressor();
    ZlibCompressor(const ZlibCompressor&) = delete;
    ZlibCompressor& operator=(const ZlibCompressor&) = delete;
    ~ZlibCompressor() override { deflateEnd(&stream_); }

    std::size_t bound(std::size_t length) noexcept override;
    std::size_t compress(Bytes payload, MutableBytes to) override;
    std::optional<std::size_t> stored_header(std::size_t capacity) const noexcept override;
    void store_in_place(MutableBytes room) noexcept override;
    void set_level(CompressionLevel level) noexcept override { level_ = level; }

private:
    std::size_t deflate_into(Bytes payload, int flush, MutableBytes to);
    std::size_t store(Bytes payload, MutableBytes to);

    z_stream stream_{};
    CompressionLevel level_ = CompressionLevel::quick;
    Compressibility compressibility_;
    bool storing_ = false;
};

class ZlibDecompressor final : public Decompressor {
public:
    ZlibDecompressor();
    ZlibDecompressor(const ZlibDecompressor&) = delete;
    ZlibDecompressor& operator=(const ZlibDecompressor&) = delete;
    ~ZlibDecompressor() override { inflateEnd(&stream_); }

    MutableBytes decompress(MutableBytes packet, PayloadArena& payloads) override;

private:
    z_stream stream_{};
};

}  // namespace culvert
