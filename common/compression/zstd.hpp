#pragma once

#include <cstdint>

#include <zstd.h>

#include "common/compression/compressibility.hpp"
#include "common/compression/compressor.hpp"

namespace culvert {

/// zstd@culvert.internal (docs/protocol.md). Each payload begins with a byte that says how it goes:
/// as it is, or in the blocks of one zstd frame (RFC 8878) that spans many payloads.
enum class ZstdPayload : std::uint8_t {
    stored = 0,     ///< the payload follows; the frame knows nothing of it
    continued = 1,  ///< its length follows, and blocks of the frame that is going on
    begun = 2,      ///< the same, but another frame begins; the one before is forgotten
};

/// The largest window that a frame may ask of the peer.
constexpr int zstd_window_log = 18;

/// Without a frame going on, which an idle connection has not, it holds nothing. With one it holds
/// 1.1 MiB, `thorough` 1.7 MiB (ZSTD_sizeof_CCtx).
class ZstdCompressor final : public Compressor {
public:
    std::size_t bound(std::size_t length) noexcept override;
    std::size_t compress(Bytes payload, MutableBytes to) override;
    std::optional<std::size_t> stored_header(std::size_t capacity) const noexcept override;
    void store_in_place(MutableBytes room) noexcept override;
    /// Ends the frame: the levels' tables differ.
    void set_level(CompressionLevel level) noexcept override;
    void release() noexcept override { frame_.reset(); }
    /// In bytes.
    std::size_t memory() const noexcept { return ZSTD_sizeof_CCtx(frame_.get()); }

    static constexpr std::size_t shortest_compressed = limits::compression::shortest_compressed;

private:
    void begin_frame();

    struct Free {
        void operator()(ZSTD_CCtx* context) const noexcept { ZSTD_freeCCtx(context); }
    };
    std::unique_ptr<ZSTD_CCtx, Free> frame_;
    CompressionLevel level_ = CompressionLevel::quick;
    Compressibility compressibility_;
};

/// Holds 0.7 MiB (ZSTD_sizeof_DCtx) once the peer has begun a frame.
class ZstdDecompressor final : public Decompressor {
public:
    MutableBytes decompress(MutableBytes packet, PayloadArena& payloads) override;
    /// In bytes.
    std::size_t memory() const noexcept { return ZSTD_sizeof_DCtx(frame_.get()); }

private:
    void begin_frame(Bytes compressed);
    MutableBytes decompress_blocks(Bytes compressed, std::size_t length, PayloadArena& payloads);

    struct Free {
        void operator()(ZSTD_DCtx* context) const noexcept { ZSTD_freeDCtx(context); }
    };
    std::unique_ptr<ZSTD_DCtx, Free> frame_;
};

}  // namespace culvert
