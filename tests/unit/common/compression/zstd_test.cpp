#include "common/compression/zstd.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <random>

#include "common/base/big_endian.hpp"
#include "tests/unit/common/compression/compressible.hpp"
#include "tests/unit/common/wire/refusal.hpp"

using namespace culvert;
using test::compressed;
using test::random_bytes;
using test::refusal;
using test::text_like;

namespace {

/// Inflates, and has room of its own for that.
struct Inflater {
    ZstdDecompressor zstd;
    PayloadArena payloads;

    Bytes decompress(ByteVector& packet) { return zstd.decompress(packet, payloads); }
    /// Of what can't be decompressed, and why.
    std::string refuse(ByteVector packet) {
        const ProtocolError error = refusal([&] { decompress(packet); });
        CHECK(error.reason() == DisconnectReason::compression_error);
        return error.what();
    }
};

ZstdPayload kind_of(const ByteVector& packet) { return static_cast<ZstdPayload>(packet[0]); }

ByteVector packet_of(ZstdPayload kind, std::size_t length, Bytes blocks) {
    ByteVector packet(5);
    packet[0] = static_cast<std::byte>(kind);
    store_big_endian(std::span{packet}.subspan<1, 4>(), static_cast<std::uint32_t>(length));
    append(packet, blocks);
    return packet;
}

/// A whole frame of the library's, with a window of 2^window_log bytes, flushed or ended.
ByteVector frame(Bytes content, int window_log, ZSTD_EndDirective end) {
    ZSTD_CCtx* const context = ZSTD_createCCtx();
    ZSTD_CCtx_setParameter(context, ZSTD_c_windowLog, window_log);
    ByteVector to(ZSTD_compressBound(content.size()) + 64);
    ZSTD_inBuffer in{content.data(), content.size(), 0};
    ZSTD_outBuffer out{to.data(), to.size(), 0};
    REQUIRE(ZSTD_compressStream2(context, &out, &in, end) == 0);
    ZSTD_freeCCtx(context);
    to.resize(out.pos);
    return to;
}

const ByteVector text(2000, std::byte{'a'});

}  // namespace

TEST_CASE("payloads go there and back, at every level") {
    std::mt19937 random{3};
    ZstdCompressor compressor;
    Inflater inflater;
    for (int i = 0; i < 600; ++i) {
        CAPTURE(i);
        if (i % 40 == 0) compressor.set_level(static_cast<CompressionLevel>(i / 40 % 2));
        if (i % 100 == 99) compressor.release();
        const std::size_t size = 1 + random() % (i % 10 == 0 ? 40'000 : 300);
        const ByteVector payload = text_like(size, random);
        ByteVector packet = compressed(compressor, payload);
        const bool same = std::ranges::equal(inflater.decompress(packet), payload);
        REQUIRE(same);
    }
}

TEST_CASE("the bytes are those of docs/protocol.md") {
    ZstdCompressor compressor;
    const ByteVector shorter(ZstdCompressor::shortest_compressed - 1, std::byte{'a'});
    ByteVector expected{std::byte{0}};
    append(expected, shorter);
    CHECK(compressed(compressor, shorter) == expected);  // it isn't worth more

    const ByteVector first = compressed(compressor, text);
    const ByteVector head{std::byte{2},    std::byte{0},    std::byte{0},
                          std::byte{0x07}, std::byte{0xd0}, std::byte{0x28},
                          std::byte{0xb5}, std::byte{0x2f}, std::byte{0xfd}};
    CHECK(std::ranges::equal(Bytes{first}.first(head.size()), head));
    CHECK(first.size() < 60);
    const ByteVector second = compressed(compressor, text);
    CHECK(kind_of(second) == ZstdPayload::continued);
    CHECK(second.size() < first.size());

    // Any decoder of RFC 8878 reads the blocks.
    ByteVector stream;
    append(stream, Bytes{first}.subspan(5));
    append(stream, Bytes{second}.subspan(5));
    ByteVector back(5000);
    ZSTD_DCtx* const context = ZSTD_createDCtx();
    ZSTD_inBuffer in{stream.data(), stream.size(), 0};
    ZSTD_outBuffer out{back.data(), back.size(), 0};
    while (in.pos < in.size) {
        REQUIRE_FALSE(ZSTD_isError(ZSTD_decompressStream(context, &out, &in)));
    }
    ZSTD_freeDCtx(context);
    CHECK(out.pos == 2 * text.size());
}

TEST_CASE("another level and an idle time begin another frame") {
    ZstdCompressor compressor;
    CHECK(kind_of(compressed(compressor, text)) == ZstdPayload::begun);
    CHECK(kind_of(compressed(compressor, text)) == ZstdPayload::continued);
    compressor.set_level(CompressionLevel::quick);  // as it was
    CHECK(kind_of(compressed(compressor, text)) == ZstdPayload::continued);
    compressor.set_level(CompressionLevel::thorough);
    CHECK(kind_of(compressed(compressor, text)) == ZstdPayload::begun);
    CHECK(kind_of(compressed(compressor, text)) == ZstdPayload::continued);
    compressor.release();
    CHECK(kind_of(compressed(compressor, text)) == ZstdPayload::begun);
}

TEST_CASE("what can't be compressed stays within the bound, at every size") {
    ZstdCompressor compressor;
    Inflater inflater;
    const auto fits = [&](std::size_t size) {
        const ByteVector payload = random_bytes(size, static_cast<std::uint32_t>(size));
        ByteVector packet = compressed(compressor, payload);
        return std::ranges::equal(inflater.decompress(packet), payload);
    };
    for (std::size_t size = 1; size < 600; ++size) {
        CAPTURE(size);
        CHECK(fits(size));
    }
    for (const std::size_t size : {16'383u, 32'777u, 65'536u, 131'072u, 131'073u, 262'144u}) {
        CAPTURE(size);
        ZstdCompressor fresh;  // which still tries
        std::swap(compressor, fresh);
        CHECK(fits(size));
    }
}

TEST_CASE("noise is stored where it lies after a while, and text behind it shrinks again") {
    std::mt19937 random{5};
    ZstdCompressor compressor;
    Inflater inflater;
    constexpr std::size_t size = 32 * 1024;
    std::uint32_t seed = 0;
    CHECK_FALSE(compressor.stored_header(size));
    while (!compressor.stored_header(size)) {
        ByteVector packet = compressed(compressor, random_bytes(size, ++seed));
        CHECK(inflater.decompress(packet).size() == size);
    }
    CHECK(seed == Compressibility::first_sample / size);
    std::size_t stored = 0;
    while (const auto header = compressor.stored_header(size)) {
        const ByteVector noise = random_bytes(size, ++seed);
        ByteVector room(*header);
        append(room, noise);
        compressor.store_in_place(room);
        const Bytes back = inflater.decompress(room);
        CHECK(back.data() == room.data() + *header);  // no copy here either
        const bool same = std::ranges::equal(back, noise);
        REQUIRE(same);
        stored += size;
    }
    CHECK(stored == Compressibility::shortest_while);
    // The frame goes on where it was.
    for (int i = 0; i < 20; ++i) {
        const ByteVector payload = text_like(size, random);
        ByteVector packet = compressed(compressor, payload);
        CHECK(kind_of(packet) == ZstdPayload::continued);
        CHECK(packet.size() < size);
        CHECK(std::ranges::equal(inflater.decompress(packet), payload));
    }
}

TEST_CASE("a payload inflates to 256 KiB at most, and to the length that it says") {
    constexpr std::size_t limit = largest_inflated_payload;
    for (const std::size_t size : {limit - 1, limit}) {
        CAPTURE(size);
        ZstdCompressor compressor;
        Inflater inflater;
        ByteVector packet = compressed(compressor, ByteVector(size, std::byte{0}));
        CHECK(inflater.decompress(packet).size() == size);
    }
    for (const std::size_t size : {limit + 1, 2 * limit, 32 * limit}) {
        CAPTURE(size);
        const ByteVector zeros(size);
        const ByteVector bomb = frame(zeros, zstd_window_log, ZSTD_e_flush);
        CHECK(bomb.size() < 4 * 1024);
        CHECK(Inflater{}.refuse(packet_of(ZstdPayload::begun, size, bomb)) ==
              "a compressed packet inflates to more than 256 KiB");
        // One that lies about it gets no further.
        for (const std::size_t said : {std::size_t{0}, std::size_t{1}, limit - 1, limit}) {
            CHECK(Inflater{}.refuse(packet_of(ZstdPayload::begun, said, bomb)) ==
                  "a compressed packet inflates to another length than it says");
        }
    }
    const ByteVector blocks = frame(text, zstd_window_log, ZSTD_e_flush);
    for (const std::size_t said : {text.size() - 1, text.size() + 1}) {
        CHECK(Inflater{}.refuse(packet_of(ZstdPayload::begun, said, blocks)) ==
              "a compressed packet inflates to another length than it says");
    }
    CHECK(Inflater{}.refuse(packet_of(ZstdPayload::begun, 0xffff'ffff, blocks)) ==
          "a compressed packet inflates to more than 256 KiB");
}

TEST_CASE("a frame may ask for a window of 256 KiB, and no more") {
    const ByteVector content(1000, std::byte{'x'});
    ByteVector packet = packet_of(ZstdPayload::begun, content.size(),
                                  frame(content, zstd_window_log, ZSTD_e_flush));
    CHECK(Inflater{}.decompress(packet).size() == content.size());
    for (const int window_log :
         {zstd_window_log + 1, 27, ZSTD_cParam_getBounds(ZSTD_c_windowLog).upperBound}) {
        CAPTURE(window_log);
        // Only the header counts: the library's compressor would allocate as much.
        ByteVector head = frame(content, zstd_window_log, ZSTD_e_flush);
        head[5] = static_cast<std::byte>((window_log - 10) << 3);  // RFC 8878 3.1.1.1.2
        CHECK(Inflater{}.refuse(packet_of(ZstdPayload::begun, content.size(), head)) ==
              "a compressed packet asks for a window of more than 256 KiB");
    }
}

TEST_CASE("what is no payload of ours is refused") {
    CHECK(Inflater{}.refuse({}) == "a compressed packet is empty");
    const ByteVector blocks = frame(text, zstd_window_log, ZSTD_e_flush);
    for (unsigned kind = 3; kind < 256; ++kind) {
        CHECK(Inflater{}.refuse(packet_of(static_cast<ZstdPayload>(kind), text.size(), blocks)) ==
              "a compressed packet is none of zstd@culvert.internal");
    }
    for (const auto kind : {ZstdPayload::begun, ZstdPayload::continued}) {
        const ByteVector whole = packet_of(kind, 10, {});
        for (std::size_t length = 1; length <= whole.size(); ++length) {
            CHECK(Inflater{}.refuse(
                      {whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length)}) ==
                  "a compressed packet is none of zstd@culvert.internal");
        }
    }
    CHECK(Inflater{}.refuse(packet_of(ZstdPayload::continued, text.size(), blocks)) ==
          "a compressed packet continues a frame that never began");
    CHECK(Inflater{}.refuse(packet_of(ZstdPayload::begun, text.size(),
                                      frame(text, zstd_window_log, ZSTD_e_end))) ==
          "a compressed packet ends its zstd frame");

    // Skippable frames and the formats of zstd 0.1 to 0.7, which the library reads too.
    for (const unsigned first : {0x50u, 0x5fu, 0x1eu, 0x22u, 0x23u, 0x24u, 0x25u, 0x26u, 0x27u}) {
        CAPTURE(first);
        ByteVector other = blocks;
        other[0] = static_cast<std::byte>(first);
        CHECK(Inflater{}.refuse(packet_of(ZstdPayload::begun, text.size(), other)) ==
              "a compressed packet begins no zstd frame");
    }
    CHECK(Inflater{}.refuse(packet_of(ZstdPayload::begun, 1, Bytes{blocks}.first(3))) ==
          "a compressed packet begins no zstd frame");
}

TEST_CASE("corrupt data is refused or inflates to what it says, truncated data is refused") {
    std::mt19937 random{9};
    ZstdCompressor compressor;
    const ByteVector payload = text_like(300, random);
    const ByteVector packet = compressed(compressor, payload);
    REQUIRE(kind_of(packet) == ZstdPayload::begun);
    std::size_t refused = 0;
    for (std::size_t bit = 0; bit < packet.size() * 8; ++bit) {
        CAPTURE(bit);
        ByteVector altered = packet;
        altered[bit / 8] ^= std::byte{static_cast<unsigned char>(1u << bit % 8)};
        const bool stored = kind_of(altered) == ZstdPayload::stored;
        Inflater inflater;
        try {
            const std::size_t length = inflater.decompress(altered).size();
            CHECK(length == (stored ? packet.size() - 1 : payload.size()));
        } catch (const ProtocolError& error) {
            CHECK(error.reason() == DisconnectReason::compression_error);
            ++refused;
        }
    }
    CHECK(refused > 9 * 8 - 2);
    for (std::size_t length = 0; length < packet.size(); ++length) {
        CAPTURE(length);
        Inflater{}.refuse({packet.begin(), packet.begin() + static_cast<std::ptrdiff_t>(length)});
    }
}

TEST_CASE("memory is bounded, and an idle side that sends has none") {
    ZstdCompressor compressor;
    Inflater inflater;
    std::mt19937 random{11};
    for (int i = 0; i < 40; ++i) {
        ByteVector packet = compressed(compressor, text_like(200'000, random));
        CHECK(inflater.decompress(packet).size() == 200'000);
    }
    CHECK(compressor.memory() > 500 * 1024);
    CHECK(compressor.memory() < 1200 * 1024);
    CHECK(inflater.zstd.memory() < 800 * 1024);
    compressor.set_level(CompressionLevel::thorough);
    compressed(compressor, text_like(200'000, random));
    CHECK(compressor.memory() < 1900 * 1024);
    compressor.release();
    CHECK(compressor.memory() == 0);
}
