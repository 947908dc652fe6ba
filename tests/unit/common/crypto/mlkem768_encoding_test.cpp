#include "common/crypto/mlkem768_encoding.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <random>

#include "tests/unit/common/crypto/hex.hpp"

using namespace culvert;
using namespace culvert::mlkem768;

TEST_CASE("encoded numbers lie one after the other, the lowest bit first (FIPS 203 4.2.1)") {
    Polynomial polynomial{};
    polynomial.coefficients[0] = 0xabc;
    polynomial.coefficients[1] = 0xdef;
    polynomial.coefficients[255] = 0x123;
    std::array<std::byte, 384> bytes;
    encode(bytes, polynomial, 12);
    CHECK(test::hex(std::span{bytes}.first(4)) == "bcfade00");
    CHECK(test::hex(std::span{bytes}.last(3)) == "003012");
}

TEST_CASE("what is encoded with 1, 4, 10 and 12 bits is decoded as it was") {
    std::mt19937 random{1};
    for (const unsigned width : {1U, 4U, 10U, 12U}) {
        CAPTURE(width);
        Polynomial polynomial;
        for (auto& x : polynomial.coefficients) {
            x = static_cast<std::uint16_t>(random() & ((1U << width) - 1));
        }
        ByteVector bytes(32 * width);
        encode(bytes, polynomial, width);
        Polynomial decoded;
        decode(decoded, bytes, width);
        CHECK(decoded.coefficients == polynomial.coefficients);
    }
}

TEST_CASE("every number of 12 bits is reduced, and seen where it isn't below q") {
    for (unsigned number = 0; number < 4096; ++number) {
        for (const std::size_t place : {0, 1, 254, 255}) {
            Polynomial polynomial{};
            polynomial.coefficients[place] = static_cast<std::uint16_t>(number);
            const bool was_reduced = reduce_all(polynomial) == 0;
            if (was_reduced != (number < q) || polynomial.coefficients[place] != number % q) {
                FAIL_CHECK("number " << number << " at " << place);
            }
        }
    }
}

TEST_CASE("every number is compressed and decompressed to what is nearest (FIPS 203 4.2.1)") {
    for (const unsigned width : {1U, 4U, 10U}) {
        CAPTURE(width);
        const double scale = std::exp2(width) / q;
        for (unsigned first = 0; first < q; first += 256) {
            Polynomial polynomial;
            for (unsigned i = 0; i < 256; ++i) {
                polynomial.coefficients[i] = static_cast<std::uint16_t>((first + i) % q);
            }
            const Polynomial original = polynomial;
            compress(polynomial, width);
            for (unsigned i = 0; i < 256; ++i) {
                const auto nearest =
                    static_cast<unsigned>(std::floor(original.coefficients[i] * scale + 0.5));
                if (polynomial.coefficients[i] != nearest % (1U << width)) {
                    FAIL_CHECK("compressed " << original.coefficients[i]);
                }
            }
            const Polynomial compressed = polynomial;
            decompress(polynomial, width);
            for (unsigned i = 0; i < 256; ++i) {
                const auto nearest =
                    static_cast<unsigned>(std::floor(compressed.coefficients[i] / scale + 0.5));
                if (polynomial.coefficients[i] != nearest) {
                    FAIL_CHECK("decompressed " << compressed.coefficients[i]);
                }
            }
            compress(polynomial, width);
            CHECK(polynomial.coefficients == compressed.coefficients);
        }
    }
}
