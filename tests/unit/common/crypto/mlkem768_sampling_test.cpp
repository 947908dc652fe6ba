#include "common/crypto/mlkem768_sampling.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>

#include "common/crypto/keccak.hpp"

using namespace culvert;
using namespace culvert::mlkem768;

namespace {

const std::array<std::byte, 32> seed{std::byte{1}, std::byte{2}, std::byte{3}};

ByteVector expand(Keccak::Function function, std::initializer_list<std::byte> suffix,
                  std::size_t size) {
    ByteVector bytes(size);
    const std::vector<std::byte> last{suffix};
    Keccak{function}.absorb(seed).absorb(last).squeeze(bytes);
    return bytes;
}

}  // namespace

// FIPS 203 algorithm 7, bit by bit.
TEST_CASE("uniform numbers are those of 12 bits that are below q") {
    for (std::uint8_t column = 0; column < 3; ++column) {
        for (std::uint8_t row = 0; row < 3; ++row) {
            Polynomial polynomial;
            sample_uniform(polynomial, seed, column, row);
            const ByteVector bytes =
                expand(Keccak::shake128, {std::byte{column}, std::byte{row}}, 2000);
            std::vector<std::uint16_t> expected;
            for (std::size_t bit = 0; expected.size() < 256; bit += 12) {
                unsigned number = 0;
                for (unsigned i = 0; i < 12; ++i) {
                    const auto byte = std::to_integer<unsigned>(bytes[(bit + i) / 8]);
                    number |= (byte >> (bit + i) % 8 & 1) << i;
                }
                if (number < q) expected.push_back(static_cast<std::uint16_t>(number));
            }
            CHECK(std::ranges::equal(polynomial.coefficients, expected));
        }
    }
}

// FIPS 203 algorithm 8, bit by bit.
TEST_CASE("noise is the difference of two sums of two bits") {
    for (std::uint8_t nonce = 0; nonce < 7; ++nonce) {
        Polynomial polynomial;
        sample_noise(polynomial, seed, nonce);
        const ByteVector bytes = expand(Keccak::shake256, {std::byte{nonce}}, 128);
        const auto bit = [&](std::size_t i) {
            return std::to_integer<unsigned>(bytes[i / 8]) >> i % 8 & 1;
        };
        std::array<unsigned, 5> seen{};
        for (std::size_t i = 0; i < 256; ++i) {
            const unsigned shifted =
                2 + bit(4 * i) + bit(4 * i + 1) - bit(4 * i + 2) - bit(4 * i + 3);
            CHECK(polynomial.coefficients[i] == (shifted + q - 2) % q);
            ++seen[shifted];
        }
        for (const unsigned count : seen) CHECK(count > 0);
    }
}
