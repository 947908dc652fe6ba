#pragma once

#include <cstdint>

#include "common/base/bytes.hpp"
#include "common/crypto/mlkem768_polynomial.hpp"

/// Polynomials as bytes: what goes into keys, ciphertexts and messages.
namespace culvert::mlkem768 {

/// ByteEncode of FIPS 203 4.2.1: `width` bits of each coefficient, the lowest first; 32 * width
/// bytes.
void encode(MutableBytes to, const Polynomial& polynomial, unsigned width) noexcept;
/// ByteDecode. Numbers of 12 bits may be q and above: see reduce_all().
void decode(Polynomial& polynomial, Bytes from, unsigned width) noexcept;
/// Zero if all were below q before (FIPS 203 7.2).
std::uint32_t reduce_all(Polynomial& polynomial) noexcept;

/// Compress and Decompress of FIPS 203 4.2.1, for all coefficients.
void compress(Polynomial& polynomial, unsigned width) noexcept;
void decompress(Polynomial& polynomial, unsigned width) noexcept;

}  // namespace culvert::mlkem768
