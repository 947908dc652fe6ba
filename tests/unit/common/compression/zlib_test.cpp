#include "common/compression/zlib.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <random>

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
    ZlibDecompressor zlib;
    PayloadArena payloads;

    Bytes decompress(ByteVector packet) { return zlib.decompress(packet, payloads); }
};

}  // namespace

TEST_CASE("payloads of one stream go there and back") {
    std::mt19937 random{3};
    ZlibCompressor compressor;
    Inflater decompressor;
    for (int i = 0; i < 300; ++i) {
        CAPTURE(i);
        const std::size_t size = 1 + random() % (i % 10 == 0 ? 40'000 : 200);
        const ByteVector payload = text_like(size, random);
        const bool same =
            std::ranges::equal(decompressor.decompress(compressed(compressor, payload)), payload);
        REQUIRE(same);
    }
}

TEST_CASE("the level changes within the stream, between what is stored too") {
    std::mt19937 random{4};
    ZlibCompressor compressor;
    Inflater decompressor;
    for (int i = 0; i < 200; ++i) {
        CAPTURE(i);
        compressor.set_level(static_cast<CompressionLevel>(random() % 2));
        const std::size_t size = 1 + random() % 40'000;
        const ByteVector payload = i % 50 < 30
                                       ? random_bytes(size, static_cast<std::uint32_t>(random()))
                                       : text_like(size, random);
        const bool same =
            std::ranges::equal(decompressor.decompress(compressed(compressor, payload)), payload);
        REQUIRE(same);
    }
}

TEST_CASE("what can't be compressed stays within the bound, at every size") {
    ZlibCompressor compressor;
    Inflater decompressor;
    const auto fits = [&](std::size_t size) {
        const ByteVector payload = random_bytes(size, static_cast<std::uint32_t>(size));
        return std::ranges::equal(decompressor.decompress(compressed(compressor, payload)),
                                  payload);
    };
    for (std::size_t size = 1; size < 600; ++size) {
        CAPTURE(size);
        CHECK(fits(size));
    }
    for (const std::size_t size :
         {16'383u, 16'384u, 32'777u, 65'535u, 65'536u, 131'072u, 262'144u}) {
        CAPTURE(size);
        CHECK(fits(size));
    }
}

TEST_CASE("noise is stored after a while, and text behind it shrinks again") {
    std::mt19937 random{5};
    ZlibCompressor compressor;
    Inflater decompressor;
    constexpr std::size_t size = 32 * 1024;
    const auto length_of = [&](const ByteVector& payload) {
        const ByteVector packed = compressed(compressor, payload);
        const bool same = std::ranges::equal(decompressor.decompress(packed), payload);
        REQUIRE(same);
        return packed.size();
    };
    // What a stored payload is longer by: one block's header; the first one's also by a flush.
    constexpr std::size_t header = 5;
    std::size_t stored = 0;
    std::uint32_t seed = 0;
    for (int round = 0; round < 3; ++round) {
        for (int i = 0; i < 400; ++i)
            stored += length_of(random_bytes(size, ++seed)) == size + header;
        // As long as noise is expected, text isn't looked at; then it is, and it stays so.
        while (length_of(text_like(size, random)) > size) {
        }
        for (int i = 0; i < 20; ++i) CHECK(length_of(text_like(size, random)) < size);
    }
    CHECK(stored > 1100);
}

TEST_CASE("what is stored in place needs no copy, and text may follow at any time") {
    std::mt19937 random{7};
    ZlibCompressor compressor;
    Inflater decompressor;
    constexpr std::size_t size = 32 * 1024;
    std::uint32_t seed = 0;
    while (!compressor.stored_header(size)) {
        CHECK(decompressor.decompress(compressed(compressor, random_bytes(size, ++seed))).size() ==
              size);
    }
    CHECK_FALSE(compressor.stored_header(65'536));  // which takes two blocks
    while (const auto header = compressor.stored_header(65'535)) {
        ByteVector room(*header + size);
        const ByteVector noise = random_bytes(size, ++seed);
        std::ranges::copy(noise, room.begin() + static_cast<std::ptrdiff_t>(*header));
        compressor.store_in_place(room);
        const bool same = std::ranges::equal(decompressor.decompress(room), noise);
        REQUIRE(same);
    }
    const ByteVector text = text_like(size, random);
    const ByteVector packet = compressed(compressor, text);
    CHECK(packet.size() < size);
    CHECK(std::ranges::equal(decompressor.decompress(packet), text));
}

TEST_CASE("a payload inflates to 256 KiB at most") {
    constexpr std::size_t limit = largest_inflated_payload;
    static_assert(limit == 256 * 1024);
    for (const std::size_t size :
         {std::size_t{64 * 1024 - 1}, std::size_t{64 * 1024}, limit - 1, limit}) {
        CAPTURE(size);
        ZlibCompressor compressor;
        Inflater decompressor;
        const ByteVector packet = compressed(compressor, ByteVector(size, std::byte{0}));
        CHECK(decompressor.decompress(packet).size() == size);
        CHECK(decompressor.decompress(compressed(compressor, bytes_of("next"))).size() == 4);
    }
    for (const std::size_t size : {limit + 1, limit + 2, 2 * limit, 32 * limit}) {
        CAPTURE(size);
        ZlibCompressor compressor;
        Inflater decompressor;
        const ByteVector bomb = compressed(compressor, ByteVector(size, std::byte{0}));
        CHECK(bomb.size() < 64 * 1024);
        const ProtocolError error = refusal([&] { decompressor.decompress(bomb); });
        CHECK(error.what() == std::string{"a compressed packet inflates to more than 256 KiB"});
        CHECK(error.reason() == DisconnectReason::compression_error);
    }
}

TEST_CASE("corrupt data is refused, or at least inflates to something bounded") {
    ZlibCompressor compressor;
    const ByteVector packet = compressed(compressor, random_bytes(300, 5));
    std::size_t refused = 0;
    for (std::size_t bit = 0; bit < packet.size() * 8; ++bit) {
        CAPTURE(bit);
        ByteVector altered = packet;
        altered[bit / 8] ^= std::byte{static_cast<unsigned char>(1u << bit % 8)};
        Inflater decompressor;
        try {
            const std::size_t length = decompressor.decompress(altered).size();
            CHECK(length <= largest_inflated_payload);
        } catch (const ProtocolError& error) {
            CHECK(error.reason() == DisconnectReason::compression_error);
            ++refused;
        }
    }
    CHECK(refused >= 8);  // the header alone has that many

    Inflater decompressor;
    CHECK(refusal([&] {
              decompressor.decompress({std::byte{0x78}, std::byte{0x9c}, std::byte{0xff}});
          }).reason() == DisconnectReason::compression_error);
}

TEST_CASE("a truncated packet gives a shorter payload, an empty one none") {
    ZlibCompressor compressor;
    const ByteVector payload = random_bytes(1000, 6);
    const ByteVector packet = compressed(compressor, payload);
    for (std::size_t length = 0; length < packet.size() - 20; ++length) {
        CAPTURE(length);
        Inflater decompressor;
        const Bytes inflated = decompressor.decompress(
            {packet.begin(), packet.begin() + static_cast<std::ptrdiff_t>(length)});
        REQUIRE(inflated.size() < payload.size());
        REQUIRE(std::ranges::equal(inflated, Bytes{payload}.first(inflated.size())));
    }
}

TEST_CASE("a stream that ends within a connection is refused") {
    z_stream stream{};
    REQUIRE(deflateInit(&stream, Z_DEFAULT_COMPRESSION) == Z_OK);
    ByteVector packet(100);
    ByteVector payload(10, std::byte{'x'});
    stream.next_in = uchar(MutableBytes{payload});
    stream.avail_in = 10;
    stream.next_out = uchar(MutableBytes{packet});
    stream.avail_out = 100;
    REQUIRE(deflate(&stream, Z_FINISH) == Z_STREAM_END);
    packet.resize(stream.total_out);
    deflateEnd(&stream);

    Inflater decompressor;
    CHECK(refusal([&] { decompressor.decompress(packet); }).reason() ==
          DisconnectReason::compression_error);
}
