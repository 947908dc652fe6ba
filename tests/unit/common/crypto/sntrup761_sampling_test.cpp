#include "common/crypto/sntrup761_sampling.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>

#include "tests/unit/common/crypto/sntrup761_cases.hpp"

namespace culvert::sntrup761 {

TEST_CASE("small polynomials have each coefficient from the 30 lowest bits of a number") {
    test::ScriptedRandom random{test::bytes_of_small(test::factor_modulo_3)};
    Polynomial expected;
    Polynomial sampled;
    test::set(expected, test::factor_modulo_3);
    sample_small(sampled, random);
    CHECK(sampled == expected);

    struct Row {
        std::array<unsigned char, 4> bytes;
        int coefficient;
    };
    for (const Row& row : {
             Row{{0x55, 0x55, 0x55, 0x15}, -1},
             Row{{0x56, 0x55, 0x55, 0x15}, 0},
             Row{{0xaa, 0xaa, 0xaa, 0x2a}, 0},
             Row{{0xab, 0xaa, 0xaa, 0x2a}, 1},
             Row{{0xff, 0xff, 0xff, 0xff}, 1},
             Row{{0x00, 0x00, 0x00, 0xc0}, -1},
         }) {
        ByteVector bytes(4 * p);
        std::ranges::copy(std::as_bytes(std::span{row.bytes}), bytes.begin());
        test::ScriptedRandom script{bytes};
        sample_small(sampled, script);
        CHECK(sampled[0] == row.coefficient);
    }
}

TEST_CASE("short polynomials have 286 coefficients that aren't 0") {
    test::SeededRandom random{1};
    std::array<int, p> nonzero{};
    int positive = 0;
    constexpr int times = 200;
    for (int i = 0; i < times; ++i) {
        Polynomial sampled;
        sample_short(sampled, random);
        std::size_t found = 0;
        for (std::size_t j = 0; j < p; ++j) {
            REQUIRE(std::abs(sampled[j]) <= 1);
            found += sampled[j] != 0 ? 1 : 0;
            nonzero[j] += sampled[j] != 0 ? 1 : 0;
            positive += sampled[j] > 0 ? 1 : 0;
        }
        CHECK(found == weight);
    }
    // Each place has one in 38 % of them, give or take five standard deviations.
    CHECK(std::ranges::min(nonzero) > times * 38 / 100 - 35);
    CHECK(std::ranges::max(nonzero) < times * 38 / 100 + 35);
    CHECK(std::abs(2 * positive - times * static_cast<int>(weight)) < 1500);
}

TEST_CASE("the places of a short polynomial come from the upper bits by sorting") {
    ByteVector bytes(4 * p);
    // Falling numbers: the first 286, of which coefficients come that aren't 0, are the last then.
    for (std::size_t i = 0; i < p; ++i) {
        const std::size_t number = (p - i) << 8 | (i % 2 == 0 ? 0xff : 0xfd);
        for (std::size_t j = 0; j < 3; ++j) {
            bytes[4 * i + j] = static_cast<std::byte>(number >> 8 * j);
        }
    }
    test::ScriptedRandom random{bytes};
    Polynomial sampled;
    sample_short(sampled, random);
    Polynomial expected;
    for (std::size_t i = 0; i < weight; ++i) expected[p - 1 - i] = i % 2 == 0 ? 1 : -1;
    CHECK(sampled == expected);
}

}  // namespace culvert::sntrup761
