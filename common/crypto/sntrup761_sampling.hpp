#pragma once

#include "common/crypto/random.hpp"
#include "common/crypto/sntrup761_ring.hpp"

/// Random polynomials of sntrup761. Each is made from 761 times four bytes, asked for at once.
namespace culvert::sntrup761 {

/// How many coefficients of a short polynomial aren't 0.
constexpr std::size_t weight = 286;

/// Each coefficient is -1, 0 or 1.
void sample_small(Polynomial& polynomial, Random& random);

/// `weight` coefficients are -1 or 1, and the others 0.
void sample_short(Polynomial& polynomial, Random& random);

}  // namespace culvert::sntrup761
