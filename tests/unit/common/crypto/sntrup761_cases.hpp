#pragma once

#include <algorithm>
#include <array>
#include <span>

#include "common/crypto/sntrup761_ring.hpp"
#include "tests/unit/common/crypto/test_random.hpp"

namespace culvert::test {

/// x^761 - x - 1 has two factors modulo 3, of degree 19 and 742. This is the first, from the
/// coefficient of x^0 on: it has no reciprocal.
inline constexpr std::array<int, 20> factor_modulo_3{1, 1, 0,  1,  1,  1,  -1, 1, -1, 1,
                                                     0, 1, -1, -1, -1, -1, 1,  0, -1, -1};

inline void set(sntrup761::Polynomial& polynomial, std::span<const int> coefficients) {
    std::ranges::transform(coefficients, polynomial.begin(),
                           [](int x) { return static_cast<std::int16_t>(x); });
}

/// The random bytes of which sample_small makes these coefficients, and zeros after them.
inline ByteVector bytes_of_small(std::span<const int> coefficients) {
    ByteVector bytes(4 * sntrup761::p);
    for (std::size_t i = 0; i < sntrup761::p; ++i) {
        const int coefficient = i < coefficients.size() ? coefficients[i] : 0;
        // The lowest 30 bits count: a third of their values each is -1, 0 and 1.
        bytes[4 * i + 3] = static_cast<std::byte>(0x1f * (coefficient + 1));
    }
    return bytes;
}

/// First what it was made with, and then the same bytes in every run.
class PrefixedRandom final : public Random {
public:
    PrefixedRandom(ByteVector first, std::uint32_t seed) : first_{std::move(first)}, then_{seed} {}

    void fill(MutableBytes bytes) override {
        ++calls;
        const std::size_t size = std::min(bytes.size(), first_.size());
        std::copy_n(first_.begin(), size, bytes.begin());
        first_.erase(first_.begin(), first_.begin() + static_cast<std::ptrdiff_t>(size));
        then_.fill(bytes.subspan(size));
    }

    int calls = 0;

private:
    ByteVector first_;
    SeededRandom then_;
};

}  // namespace culvert::test
