#pragma once

#include <array>
#include <cstdint>

/// The numbers of FIPS 203: polynomials with 256 coefficients modulo q. Nothing here branches on a
/// coefficient, or finds an address or divides by one.
namespace culvert::mlkem768 {

inline constexpr std::uint32_t q = 3329;

/// x / q for x below 2^27, by a multiplication: a division takes longer for some numbers than for
/// others (KyberSlash), and where a compiler doesn't replace it no test of results would show it.
/// Exact: the factor is 2^39 / q rounded up by 3253 / q, which adds less than 1 / q as long as x *
/// 3253 < 2^39.
constexpr std::uint32_t divide_by_q(std::uint32_t x) noexcept {
    return static_cast<std::uint32_t>(std::uint64_t{x} * 165'141'429 >> 39);
}

/// x mod q for x below 2^27.
constexpr std::uint16_t reduce(std::uint32_t x) noexcept {
    return static_cast<std::uint16_t>(x - divide_by_q(x) * q);
}

/// Each coefficient is below q. After ntt() these are the numbers of T_q (FIPS 203 2.4.4), in
/// pairs.
struct Polynomial {
    std::array<std::uint16_t, 256> coefficients;
};
/// Three is the k of ML-KEM-768.
struct Vector {
    std::array<Polynomial, 3> polynomials;
};

void add(Polynomial& to, const Polynomial& more) noexcept;
void subtract(Polynomial& from, const Polynomial& less) noexcept;

/// The number-theoretic transform, and its inverse (FIPS 203 4.3).
void ntt(Polynomial& polynomial) noexcept;
void inverse_ntt(Polynomial& polynomial) noexcept;
/// The sum of the three products, all of them transformed (FIPS 203 2.4.7 and 4.3.1).
void inner_product(Polynomial& product, const Vector& a, const Vector& b) noexcept;

}  // namespace culvert::mlkem768
