#include "common/compression/zstd.hpp"

#include <algorithm>
#include <array>

#include <zstd_errors.h>

#include "common/base/big_endian.hpp"
#include "common/base/error.hpp"
#include "common/wire/protocol_error.hpp"

namespace culvert {
namespace {

constexpr std::size_t kind_size = 1;
constexpr std::size_t blocks_offset = kind_size + 4;

// RFC 8878 3.1.1: four bytes of magic number and at most 14 of header; three for each block, of
// which a payload takes no more than four.
constexpr std::size_t frame_allowance = 4 + 14 + 4 * 3;

// The figures: mail in packets of 32 KiB, beside ssh's zlib at 22 MB/s and 2.65.
struct Parameters {
    int level;
    int hash_log;   ///< 0 is the level's own
    int min_match;  ///< the same
};
constexpr Parameters quick{1, 15, 7};    // 248 MB/s, 2.72; level 1 as it is 277 MB/s, 2.62
constexpr Parameters thorough{3, 0, 0};  // 142 MB/s, 2.87

ProtocolError refusal(const char* text) {
    return ProtocolError{text, DisconnectReason::compression_error};
}

[[noreturn]] void out_of_memory() { throw Error{ErrorKind::internal, "zstd has no memory left"}; }

void put_kind(ZstdPayload kind, MutableBytes to) noexcept { to[0] = static_cast<std::byte>(kind); }

}  // namespace

// ---------------------------------------------------------------------- compression

std::size_t ZstdCompressor::bound(std::size_t length) noexcept {
    return blocks_offset + ZSTD_compressBound(length) + frame_allowance;
}

std::size_t ZstdCompressor::compress(Bytes payload, MutableBytes to) {
    if (compressibility_.stores() || payload.size() < shortest_compressed) {
        std::ranges::copy(payload, to.subspan(kind_size).begin());
        store_in_place(to.first(kind_size + payload.size()));
        return kind_size + payload.size();
    }
    put_kind(frame_ ? ZstdPayload::continued : ZstdPayload::begun, to);
    if (!frame_) begin_frame();
    store_big_endian(to.subspan<kind_size, 4>(), static_cast<std::uint32_t>(payload.size()));
    const MutableBytes blocks = to.subspan(blocks_offset);
    ZSTD_inBuffer in{payload.data(), payload.size(), 0};
    ZSTD_outBuffer out{blocks.data(), blocks.size(), 0};
    // Zero says that all of it is out.
    if (ZSTD_compressStream2(frame_.get(), &out, &in, ZSTD_e_flush) != 0) {
        throw Error{ErrorKind::internal, "zstd could not compress a payload"};
    }
    compressibility_.on_deflated(payload.size(), out.pos);
    return blocks_offset + out.pos;
}

void ZstdCompressor::begin_frame() {
    frame_.reset(ZSTD_createCCtx());
    if (!frame_) out_of_memory();
    const auto set = [this](ZSTD_cParameter parameter, int value) {
        if (ZSTD_isError(ZSTD_CCtx_setParameter(frame_.get(), parameter, value)) != 0) {
            throw Error{ErrorKind::internal, "zstd doesn't take a parameter"};
        }
    };
    const Parameters& chosen = level_ == CompressionLevel::quick ? quick : thorough;
    set(ZSTD_c_compressionLevel, chosen.level);
    set(ZSTD_c_windowLog, zstd_window_log);
    set(ZSTD_c_hashLog, chosen.hash_log);
    set(ZSTD_c_minMatch, chosen.min_match);
}

std::optional<std::size_t> ZstdCompressor::stored_header(std::size_t /*capacity*/) const noexcept {
    if (!compressibility_.stores()) return std::nullopt;
    return kind_size;
}

void ZstdCompressor::store_in_place(MutableBytes room) noexcept {
    put_kind(ZstdPayload::stored, room);
    compressibility_.on_stored(room.size() - kind_size);
}

void ZstdCompressor::set_level(CompressionLevel level) noexcept {
    if (level == level_) return;
    level_ = level;
    frame_.reset();
}

// ---------------------------------------------------------------------- decompression

MutableBytes ZstdDecompressor::decompress(MutableBytes packet, PayloadArena& payloads) {
    if (packet.empty()) throw refusal("a compressed packet is empty");
    const auto kind = static_cast<ZstdPayload>(packet[0]);
    if (kind == ZstdPayload::stored) return packet.subspan(kind_size);
    if (kind > ZstdPayload::begun || packet.size() <= blocks_offset) {
        throw refusal("a compressed packet is none of zstd@culvert.internal");
    }
    const auto length = load_big_endian<std::uint32_t>(Bytes{packet}.subspan<kind_size, 4>());
    if (length > largest_inflated_payload) {
        throw refusal("a compressed packet inflates to more than 256 KiB");
    }
    const Bytes blocks = packet.subspan(blocks_offset);
    if (kind == ZstdPayload::begun) begin_frame(blocks);
    if (!frame_) throw refusal("a compressed packet continues a frame that never began");
    return decompress_blocks(blocks, length, payloads);
}

void ZstdDecompressor::begin_frame(Bytes compressed) {
    // The library would also take the formats of its early versions, and skippable frames.
    constexpr std::array magic{std::byte{0x28}, std::byte{0xb5}, std::byte{0x2f}, std::byte{0xfd}};
    if (!std::ranges::equal(compressed.first(std::min(compressed.size(), magic.size())), magic)) {
        throw refusal("a compressed packet begins no zstd frame");
    }
    if (!frame_) {
        frame_.reset(ZSTD_createDCtx());
        if (!frame_) out_of_memory();
        ZSTD_DCtx_setParameter(frame_.get(), ZSTD_d_windowLogMax, zstd_window_log);
    }
    ZSTD_DCtx_reset(frame_.get(), ZSTD_reset_session_only);
}

MutableBytes ZstdDecompressor::decompress_blocks(Bytes compressed, std::size_t length,
                                                 PayloadArena& payloads) {
    // One byte more than was said tells a payload that is longer.
    const MutableBytes room = payloads.space(length + 1);
    ZSTD_inBuffer in{compressed.data(), compressed.size(), 0};
    ZSTD_outBuffer out{room.data(), room.size(), 0};
    while (in.pos < in.size && out.pos <= length) {
        const std::size_t left = ZSTD_decompressStream(frame_.get(), &out, &in);
        const ZSTD_ErrorCode error = ZSTD_getErrorCode(left);
        if (error == ZSTD_error_frameParameter_windowTooLarge) {
            throw refusal("a compressed packet asks for a window of more than 256 KiB");
        }
        if (error != ZSTD_error_no_error) throw refusal("a compressed packet is no zstd data");
        if (left == 0) throw refusal("a compressed packet ends its zstd frame");
    }
    if (in.pos < in.size || out.pos != length) {
        throw refusal("a compressed packet inflates to another length than it says");
    }
    return payloads.payload(length);
}

}  // namespace culvert
