#include "common/crypto/mlkem768_encoding.hpp"

#include <cassert>

#include "common/crypto/constant_time.hpp"

namespace culvert::mlkem768 {

void encode(MutableBytes to, const Polynomial& polynomial, unsigned width) noexcept {
    assert(to.size() == 32 * std::size_t{width});
    std::uint32_t bits = 0;
    unsigned count = 0;
    auto byte = to.begin();
    for (const std::uint32_t coefficient : polynomial.coefficients) {
        bits |= coefficient << count;
        for (count += width; count >= 8; count -= 8) {
            *byte++ = static_cast<std::byte>(bits);
            bits >>= 8;
        }
    }
}

void decode(Polynomial& polynomial, Bytes from, unsigned width) noexcept {
    assert(from.size() == 32 * std::size_t{width});
    std::uint32_t bits = 0;
    unsigned count = 0;
    auto byte = from.begin();
    for (std::uint16_t& coefficient : polynomial.coefficients) {
        for (; count < width; count += 8) bits |= std::to_integer<std::uint32_t>(*byte++) << count;
        coefficient = static_cast<std::uint16_t>(bits & ((1U << width) - 1));
        bits >>= width;
        count -= width;
    }
}

std::uint32_t reduce_all(Polynomial& polynomial) noexcept {
    std::uint32_t quotients = 0;
    for (std::uint16_t& coefficient : polynomial.coefficients) {
        quotients |= divide_by_q(coefficient);
        coefficient = reduce(coefficient);
    }
    return quotients;
}

// round(2^width / q * x) is never a tie, since q is odd.
void compress(Polynomial& polynomial, unsigned width) noexcept {
    for (std::uint16_t& coefficient : polynomial.coefficients) {
        const std::uint32_t rounded = divide_by_q((std::uint32_t{coefficient} << width) + q / 2);
        coefficient = static_cast<std::uint16_t>(rounded & ((1U << width) - 1));
    }
}

// A message has one bit for each coefficient. A compiler that knew that would be free to replace
// the multiplication by a branch.
void decompress(Polynomial& polynomial, unsigned width) noexcept {
    for (std::uint16_t& coefficient : polynomial.coefficients) {
        const std::uint32_t number = value_barrier(std::uint32_t{coefficient});
        coefficient = static_cast<std::uint16_t>((number * q + (1U << (width - 1))) >> width);
    }
}

}  // namespace culvert::mlkem768
