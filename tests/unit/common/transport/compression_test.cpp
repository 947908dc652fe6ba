#include "common/transport/compression.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <random>

#include "tests/unit/common/crypto/test_random.hpp"
#include "tests/unit/common/wire/refusal.hpp"

using namespace culvert;
using test::refusal;

namespace {

ByteVector compressed(Compressor& compressor, Bytes payload) {
    ByteVector to(compressor.bound(payload.size()));
    to.resize(compressor.compress(payload, to));
    return to;
}

ByteVector random_bytes(std::size_t size, std::uint32_t seed) {
    test::SeededRandom random{seed};
    ByteVector bytes(size);
    random.fill(bytes);
    return bytes;
}

/// Between noise and a single letter.
ByteVector text_like(std::size_t size, std::mt19937& random) {
    ByteVector bytes(size);
    const unsigned letters = 1 + random() % 64;
    for (std::byte& b : bytes) b = static_cast<std::byte>('a' + random() % letters);
    return bytes;
}

}  // namespace

TEST_CASE("the name is OpenSSH's delayed zlib (PROTOCOL 1.2)") {
    CHECK(delayed_zlib == "zlib@openssh.com");
    CHECK(no_compression == "none");
}

TEST_CASE("payloads of one stream go there and back") {
    std::mt19937 random{3};
    Compressor compressor;
    Decompressor decompressor;
    for (int i = 0; i < 300; ++i) {
        CAPTURE(i);
        const std::size_t size = 1 + random() % (i % 10 == 0 ? 40'000 : 200);
        const ByteVector payload = text_like(size, random);
        const bool same =
            std::ranges::equal(decompressor.decompress(compressed(compressor, payload)), payload);
        REQUIRE(same);
    }
}

TEST_CASE("what can't be compressed stays within the bound, at every size") {
    Compressor compressor;
    Decompressor decompressor;
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
    Compressor compressor;
    Decompressor decompressor;
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

TEST_CASE("a payload inflates to 256 KiB at most") {
    constexpr std::size_t limit = Decompressor::largest_payload;
    static_assert(limit == 256 * 1024);
    for (const std::size_t size :
         {std::size_t{64 * 1024 - 1}, std::size_t{64 * 1024}, limit - 1, limit}) {
        CAPTURE(size);
        Compressor compressor;
        Decompressor decompressor;
        const ByteVector packet = compressed(compressor, ByteVector(size, std::byte{0}));
        CHECK(decompressor.decompress(packet).size() == size);
        CHECK(decompressor.decompress(compressed(compressor, bytes_of("next"))).size() == 4);
    }
    for (const std::size_t size : {limit + 1, limit + 2, 2 * limit, 32 * limit}) {
        CAPTURE(size);
        Compressor compressor;
        Decompressor decompressor;
        const ByteVector bomb = compressed(compressor, ByteVector(size, std::byte{0}));
        CHECK(bomb.size() < 32 * 1024);
        const ProtocolError error = refusal([&] { decompressor.decompress(bomb); });
        CHECK(error.what() == std::string{"a compressed packet inflates to more than 256 KiB"});
        CHECK(error.reason() == DisconnectReason::compression_error);
    }
}

TEST_CASE("corrupt data is refused, or at least inflates to something bounded") {
    Compressor compressor;
    const ByteVector packet = compressed(compressor, random_bytes(300, 5));
    std::size_t refused = 0;
    for (std::size_t bit = 0; bit < packet.size() * 8; ++bit) {
        CAPTURE(bit);
        ByteVector altered = packet;
        altered[bit / 8] ^= std::byte{static_cast<unsigned char>(1u << bit % 8)};
        Decompressor decompressor;
        try {
            const std::size_t length = decompressor.decompress(altered).size();
            CHECK(length <= Decompressor::largest_payload);
        } catch (const ProtocolError& error) {
            CHECK(error.reason() == DisconnectReason::compression_error);
            ++refused;
        }
    }
    CHECK(refused >= 8);  // the header alone has that many

    Decompressor decompressor;
    CHECK(refusal([&] { decompressor.decompress(bytes_of("\x78\x9c\xff\xff\xff")); }).reason() ==
          DisconnectReason::compression_error);
}

TEST_CASE("a truncated packet gives a shorter payload, an empty one none") {
    Compressor compressor;
    const ByteVector payload = random_bytes(1000, 6);
    const ByteVector packet = compressed(compressor, payload);
    for (std::size_t length = 0; length < packet.size() - 20; ++length) {
        CAPTURE(length);
        Decompressor decompressor;
        const Bytes inflated = decompressor.decompress(Bytes{packet}.first(length));
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

    Decompressor decompressor;
    CHECK(refusal([&] { decompressor.decompress(packet); }).reason() ==
          DisconnectReason::compression_error);
}
