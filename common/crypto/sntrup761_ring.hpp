#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "common/crypto/wiped.hpp"

/// Polynomials of sntrup761, modulo x^761 - x - 1. Time and addresses don't depend on coefficients.
namespace culvert::sntrup761 {

constexpr std::size_t p = 761;
constexpr std::size_t padded_p = 768;  ///< so that vectors of 16 numbers fit

/// The coefficients from that of x^0 on, and zeros after the last. Zeros at first.
struct Polynomial : Wiped<std::array<std::int16_t, padded_p>> {
    Polynomial() noexcept : Wiped{} {}
};

/// Modulo q. The coefficients of `small` are -1, 0 and 1.
void multiply_modulo_q(Polynomial& product, const Polynomial& f, const Polynomial& small) noexcept;

void multiply_modulo_3(Polynomial& product, const Polynomial& f, const Polynomial& g) noexcept;

/// 1 / (3 * small) modulo q, of anything but zeros: modulo q the ring is a field.
void invert_three_times(Polynomial& inverse, const Polynomial& small) noexcept;

/// 1 / small modulo 3. Whether there is one, which is no secret: of 3^19 polynomials all but one
/// have one. Else `inverse` is of no use.
bool invert_modulo_3(Polynomial& inverse, const Polynomial& small) noexcept;

}  // namespace culvert::sntrup761
