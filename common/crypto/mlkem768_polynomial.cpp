#include "common/crypto/mlkem768_polynomial.hpp"

#include <cstddef>

namespace culvert::mlkem768 {
namespace {

constexpr std::uint16_t power_of_17(unsigned exponent) {
    std::uint32_t power = 1;
    for (unsigned i = 0; i < exponent; ++i) power = reduce(power * 17);
    return static_cast<std::uint16_t>(power);
}

constexpr unsigned reverse_seven_bits(unsigned number) {
    unsigned reversed = 0;
    for (unsigned bit = 0; bit < 7; ++bit) reversed |= (number >> bit & 1) << (6 - bit);
    return reversed;
}

/// 17^BitRev7(i), the factors of the transform's butterflies (FIPS 203 appendix A).
constexpr auto zetas = [] {
    std::array<std::uint16_t, 128> powers{};
    for (unsigned i = 0; i < 128; ++i) powers[i] = power_of_17(reverse_seven_bits(i));
    return powers;
}();

/// 17^(2 BitRev7(i) + 1): the pair i of a product is modulo X^2 - gammas[i].
constexpr auto gammas = [] {
    std::array<std::uint16_t, 128> powers{};
    for (unsigned i = 0; i < 128; ++i) powers[i] = power_of_17(2 * reverse_seven_bits(i) + 1);
    return powers;
}();

constexpr std::uint32_t inverse_of_128 = 3303;
static_assert(reduce(128 * inverse_of_128) == 1);

}  // namespace

void add(Polynomial& to, const Polynomial& more) noexcept {
    for (std::size_t i = 0; i < 256; ++i) {
        to.coefficients[i] = reduce(std::uint32_t{to.coefficients[i]} + more.coefficients[i]);
    }
}

void subtract(Polynomial& from, const Polynomial& less) noexcept {
    for (std::size_t i = 0; i < 256; ++i) {
        from.coefficients[i] = reduce(from.coefficients[i] + q - less.coefficients[i]);
    }
}

// Each of the seven layers adds at most q to a coefficient, so that all stay below 8q: 16 bits hold
// them, and 8q * q is below 2^27. They are reduced once, in the end.
void ntt(Polynomial& polynomial) noexcept {
    auto& f = polynomial.coefficients;
    for (std::size_t blocks = 1, length = 128; length >= 2; blocks *= 2, length /= 2) {
        for (std::size_t block = 0; block < blocks; ++block) {
            const std::uint32_t zeta = zetas[blocks + block];
            const std::size_t start = block * 2 * length;
            for (std::size_t i = start; i < start + length; ++i) {
                const std::uint32_t t = reduce(zeta * f[i + length]);
                f[i + length] = static_cast<std::uint16_t>(f[i] + q - t);
                f[i] = static_cast<std::uint16_t>(f[i] + t);
            }
        }
    }
    for (std::uint16_t& coefficient : f) coefficient = reduce(coefficient);
}

void inverse_ntt(Polynomial& polynomial) noexcept {
    auto& f = polynomial.coefficients;
    for (std::size_t blocks = 64, length = 2; length <= 128; blocks /= 2, length *= 2) {
        for (std::size_t block = 0; block < blocks; ++block) {
            const std::uint32_t zeta = zetas[2 * blocks - 1 - block];
            const std::size_t start = block * 2 * length;
            for (std::size_t i = start; i < start + length; ++i) {
                const std::uint32_t t = f[i];
                f[i] = reduce(t + f[i + length]);
                f[i + length] = reduce(zeta * (f[i + length] + q - t));
            }
        }
    }
    for (std::uint16_t& coefficient : f) coefficient = reduce(inverse_of_128 * coefficient);
}

// Six products below q^2 are below 2^27.
void inner_product(Polynomial& product, const Vector& a, const Vector& b) noexcept {
    for (std::size_t i = 0; i < 128; ++i) {
        std::uint32_t even = 0;
        std::uint32_t odd = 0;
        for (std::size_t j = 0; j < 3; ++j) {
            const std::uint32_t a0 = a.polynomials[j].coefficients[2 * i];
            const std::uint32_t a1 = a.polynomials[j].coefficients[2 * i + 1];
            const std::uint32_t b0 = b.polynomials[j].coefficients[2 * i];
            const std::uint32_t b1 = b.polynomials[j].coefficients[2 * i + 1];
            even += a0 * b0 + reduce(a1 * b1) * std::uint32_t{gammas[i]};
            odd += a0 * b1 + a1 * b0;
        }
        product.coefficients[2 * i] = reduce(even);
        product.coefficients[2 * i + 1] = reduce(odd);
    }
}

}  // namespace culvert::mlkem768
