#pragma once

#include <array>
#include <cstddef>
#include <span>

#include "common/crypto/sntrup761_ring.hpp"

/// Polynomials as bytes. None of the functions' time depends on the coefficients.
namespace culvert::sntrup761 {

/// Coefficients that are -1, 0 and 1: two bits each.
constexpr std::size_t small_size = 191;
/// Coefficients modulo q: 4591 values each.
constexpr std::size_t modulo_q_size = 1158;
/// Coefficients modulo q that are multiples of three: 1531 values each.
constexpr std::size_t rounded_size = 1007;

void encode_small(const Polynomial& polynomial, std::span<std::byte, small_size> bytes) noexcept;
void decode_small(Polynomial& polynomial, std::span<const std::byte, small_size> bytes) noexcept;

/// Any bytes are taken: a number out of range is taken modulo its radix.
void decode_modulo_q(Polynomial& polynomial,
                     std::span<const std::byte, modulo_q_size> bytes) noexcept;
void encode_modulo_q(const Polynomial& polynomial,
                     std::span<std::byte, modulo_q_size> bytes) noexcept;

/// As decode_modulo_q.
void decode_rounded(Polynomial& polynomial,
                    std::span<const std::byte, rounded_size> bytes) noexcept;
void encode_rounded(const Polynomial& polynomial,
                    std::span<std::byte, rounded_size> bytes) noexcept;

}  // namespace culvert::sntrup761
