#include "common/crypto/sntrup761_encoding.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>

#include "common/crypto/sntrup761_fields.hpp"
#include "common/crypto/sntrup761_sampling.hpp"
#include "tests/unit/common/crypto/hex.hpp"
#include "tests/unit/common/crypto/test_random.hpp"

namespace culvert::sntrup761 {

TEST_CASE("small polynomials: four coefficients a byte, the first in the lowest bits") {
    Polynomial polynomial;
    polynomial[0] = -1;
    polynomial[1] = 1;
    polynomial[7] = 1;
    polynomial[760] = 1;
    std::array<std::byte, small_size> bytes;
    encode_small(polynomial, bytes);
    CHECK(test::hex(std::span{bytes}.first<4>()) == "58955555");
    CHECK(bytes.back() == std::byte{2});  // nothing after the last coefficient

    Polynomial decoded;
    decode_small(decoded, bytes);
    CHECK(decoded == polynomial);
}

TEST_CASE("small polynomials: what was encoded is decoded") {
    test::SeededRandom random{1};
    for (int i = 0; i < 20; ++i) {
        Polynomial polynomial;
        sample_small(polynomial, random);
        std::array<std::byte, small_size> bytes;
        encode_small(polynomial, bytes);
        Polynomial decoded;
        decode_small(decoded, bytes);
        CHECK(decoded == polynomial);
    }
}

TEST_CASE("polynomials modulo q: what was encoded is decoded") {
    for (int first = 0; first < Fq::q; first += 37) {
        Polynomial polynomial;
        for (std::size_t i = 0; i < p; ++i) {
            polynomial[i] =
                static_cast<std::int16_t>((first + 6 * static_cast<int>(i)) % Fq::q - Fq::largest);
        }
        std::array<std::byte, modulo_q_size> bytes;
        encode_modulo_q(polynomial, bytes);
        Polynomial decoded;
        decode_modulo_q(decoded, bytes);
        CHECK(decoded == polynomial);
    }
}

TEST_CASE("rounded polynomials: each coefficient becomes the nearest multiple of three") {
    for (int first = 0; first < Fq::q; first += 37) {
        Polynomial polynomial;
        Polynomial rounded;
        for (std::size_t i = 0; i < p; ++i) {
            const int x = (first + 6 * static_cast<int>(i)) % Fq::q - Fq::largest;
            polynomial[i] = static_cast<std::int16_t>(x);
            // Fq::largest is a multiple of three.
            rounded[i] = static_cast<std::int16_t>((x + Fq::largest + 1) / 3 * 3 - Fq::largest);
        }
        std::array<std::byte, rounded_size> bytes;
        encode_rounded(polynomial, bytes);
        Polynomial decoded;
        decode_rounded(decoded, bytes);
        CHECK(decoded == rounded);
    }
}

}  // namespace culvert::sntrup761
