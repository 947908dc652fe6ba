#include "common/base/big_endian.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cstdint>

using namespace culvert;

TEST_CASE("the highest byte comes first (RFC 4251 5)") {
    std::array<std::byte, 8> bytes{};
    store_big_endian<std::uint32_t>(std::span{bytes}.first<4>(), 0x29b7f4aa);  // the RFC's example
    CHECK(bytes[0] == std::byte{0x29});
    CHECK(bytes[1] == std::byte{0xb7});
    CHECK(bytes[2] == std::byte{0xf4});
    CHECK(bytes[3] == std::byte{0xaa});
    CHECK(load_big_endian<std::uint32_t>(std::span{bytes}.first<4>()) == 0x29b7f4aa);
    CHECK(load_big_endian<std::uint16_t>(std::span{bytes}.first<2>()) == 0x29b7);

    store_big_endian<std::uint64_t>(bytes, 0x0102030405060708);
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        CAPTURE(i);
        CHECK(std::to_integer<std::size_t>(bytes[i]) == i + 1);
    }
    CHECK(load_big_endian<std::uint64_t>(bytes) == 0x0102030405060708);
    CHECK(load_big_endian<std::uint8_t>(std::span{bytes}.first<1>()) == 1);
}

TEST_CASE("a number may lie anywhere") {
    alignas(8) std::array<std::byte, 9> bytes{};
    const auto odd = std::span{bytes}.last<8>();
    store_big_endian<std::uint64_t>(odd, ~std::uint64_t{1});
    CHECK(load_big_endian<std::uint64_t>(odd) == ~std::uint64_t{1});
    CHECK(bytes[0] == std::byte{0});
}
