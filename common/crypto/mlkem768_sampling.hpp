#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "common/crypto/mlkem768_polynomial.hpp"

/// Polynomials out of seeds (FIPS 203 4.2.2).
namespace culvert::mlkem768 {

using Seed = std::span<const std::byte, 32>;

/// An element of the public matrix A, transformed already: SampleNTT. The time that it takes
/// depends on the seed.
void sample_uniform(Polynomial& polynomial, Seed rho, std::uint8_t column,
                    std::uint8_t row) noexcept;
/// Small numbers, the secrets and errors: SamplePolyCBD with eta = 2.
void sample_noise(Polynomial& polynomial, Seed seed, std::uint8_t nonce) noexcept;

}  // namespace culvert::mlkem768
