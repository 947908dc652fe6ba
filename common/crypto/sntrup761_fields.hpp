#pragma once

#include <cstdint>

#include "common/crypto/constant_time.hpp"

/// The numbers of sntrup761, for code whose time must not depend on them: no division, no
/// comparison. The vectorizers of GCC and clang take what has int16_t in and out eight at a time
/// with SSE2.
namespace culvert::sntrup761 {

/// Modulo 2^16, of which the low half of a product is exact.
constexpr std::int16_t low_half(std::int32_t x) noexcept { return static_cast<std::int16_t>(x); }

/// x / 2^16, rounded down.
constexpr std::int16_t high_half(std::int32_t x) noexcept {
    return static_cast<std::int16_t>(x >> 16);
}

/// All ones if x is below 0, else 0.
inline std::uint32_t negative_mask(std::int32_t x) noexcept {
    return value_barrier(static_cast<std::uint32_t>(x >> 31));
}

/// All ones if x isn't 0, else 0.
inline std::uint32_t nonzero_mask(std::int32_t x) noexcept {
    const auto bits = static_cast<std::uint32_t>(x);
    return negative_mask(static_cast<std::int32_t>(bits | (0 - bits)));
}

/// `set` if the mask is all ones, `clear` if it is 0.
constexpr std::int32_t select(std::uint32_t mask, std::int32_t set, std::int32_t clear) noexcept {
    return clear ^ (static_cast<std::int32_t>(mask) & (set ^ clear));
}

/// The field of three elements: -1, 0 and 1.
struct F3 {
    /// A third of a number from -10000 to 10000, rounded to the nearest. 21846 / 2^16 is so little
    /// more than a third that 0 to 32767 times it, rounded down, is the exact quotient.
    static constexpr std::int16_t third(std::int16_t x) noexcept {
        constexpr std::int16_t raise = 3334;  // so that nothing is negative
        const std::int16_t raised = low_half(x + 1 + 3 * raise);
        return low_half(high_half(raised * 21846) - raise);
    }

    /// The element, of a number from -10000 to 10000.
    static constexpr std::int16_t freeze(std::int16_t x) noexcept {
        return low_half(x - 3 * third(x));
    }

    /// What `cross` leaves as an element.
    static constexpr std::int16_t canonical(std::int16_t x) noexcept { return x; }

    /// a * b - c * d of elements.
    static constexpr std::int16_t cross(std::int16_t a, std::int16_t b, std::int16_t c,
                                        std::int16_t d) noexcept {
        const std::int16_t x = low_half(a * b - c * d);  // -2 to 2
        return low_half(x - 3 * ((5 * x + 8) >> 4));
    }

    static constexpr std::int16_t multiply(std::int16_t a, std::int16_t b) noexcept {
        return low_half(a * b);
    }

    /// Of 1 or -1.
    static constexpr std::int16_t invert(std::int16_t x) noexcept { return x; }
};

/// The field of q elements: -2295 to 2295.
struct Fq {
    static constexpr std::int16_t q = 4591;
    static constexpr std::int16_t largest = (q - 1) / 2;

    /// The same modulo q, for each 16-bit number: from -632 to 5223. 14 / 2^16 is a little less
    /// than 1 / q.
    static constexpr std::int16_t reduce(std::int16_t x) noexcept {
        return low_half(x - q * high_half(x * 14));
    }

    /// The element, for each 16-bit number.
    static constexpr std::int16_t freeze(std::int16_t x) noexcept {
        const std::int16_t reduced = reduce(x);
        // 1 from largest + 1 on, else 0.
        return low_half(reduced - q * ((reduced + 4095 - largest) >> 12));
    }

    static constexpr std::int16_t multiply(std::int16_t a, std::int16_t b) noexcept {
        constexpr std::int64_t reciprocal = ((std::int64_t{1} << 40) + largest) / q;
        const std::int32_t product = a * b;
        const std::int64_t quotient = (product * reciprocal + (std::int64_t{1} << 39)) >> 40;
        return static_cast<std::int16_t>(product - q * quotient);
    }

    /// a * b / 2^16 modulo q, below q / 2 + |a * b| / 2^16 + 1 (Montgomery's reduction).
    static constexpr std::int16_t montgomery(std::int16_t a, std::int16_t b) noexcept {
        constexpr std::int16_t inverse = 15631;  // of q modulo 2^16
        const std::int16_t multiple = low_half(low_half(a * inverse) * b);
        return low_half(high_half(a * b) - high_half(multiple * q));
    }

    /// What `cross` leaves as an element.
    static constexpr std::int16_t canonical(std::int16_t x) noexcept { return freeze(x); }

    /// (a * b - c * d) / 2^16 modulo q. With elements a and c, and b and d from -4990 to 4990, it
    /// is in this range, too.
    static constexpr std::int16_t cross(std::int16_t a, std::int16_t b, std::int16_t c,
                                        std::int16_t d) noexcept {
        return low_half(montgomery(a, b) - montgomery(c, d));
    }

    /// x^(q-2), which is 1 / x (and 0 for 0).
    static constexpr std::int16_t invert(std::int16_t x) noexcept {
        std::int16_t power = 1;
        for (int bit = 12; bit >= 0; --bit) {
            power = multiply(power, power);
            if (((q - 2) >> bit & 1) != 0) power = multiply(power, x);
        }
        return power;
    }
};

}  // namespace culvert::sntrup761
