#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>

namespace culvert {

/// Divides by a fixed number with a multiplication: the time of a division instruction depends on
/// its operands.
class Divisor {
public:
    /// From 1 to 2^14.
    constexpr explicit Divisor(std::uint32_t value) noexcept
        : value_{value}, reciprocal_{one / value + 1} {}

    constexpr std::uint32_t value() const noexcept { return value_; }

    /// Rounded down, of a number below 2^29 and below 2^20 * value. It is exact: reciprocal * value
    /// is more than 2^43 by 2^14 at most (Granlund and Montgomery, "Division by invariant integers
    /// using multiplication", 1994, theorem 4.2).
    constexpr std::uint32_t quotient(std::uint32_t number) const noexcept {
        return static_cast<std::uint32_t>(number * reciprocal_ >> 43);
    }
    constexpr std::uint32_t remainder(std::uint32_t number) const noexcept {
        return number - quotient(number) * value_;
    }

private:
    static constexpr std::uint64_t one = std::uint64_t{1} << 43;

    std::uint32_t value_;
    std::uint64_t reciprocal_;
};

/// `Count` numbers below `Radix` as few bytes: NTRU Prime's encoding. Two neighbours, the first the
/// low one, become one number below the product of their radixes. While this product is 2^14 or
/// more, the number's lowest byte is put out, and the product divided by 256 and rounded up. So
/// half as many numbers are left, for which the same is done, until there is one: its bytes are the
/// last. Time and addresses don't depend on the numbers.
template <std::size_t Count, std::uint32_t Radix>
class MixedRadix {
    struct Level {
        std::size_t pairs = 0;  ///< but for that of the last number
        bool last_is_paired = false;
        Divisor radix{1};            ///< of all numbers but the last
        Divisor last_radix{1};       ///< of the last
        std::size_t pair_bytes = 0;  ///< what each pair puts out
        std::size_t last_bytes = 0;  ///< what the last number's pair puts out, or the only number
        std::size_t offset = 0;      ///< where the level's bytes begin

        constexpr std::size_t end() const { return offset + pairs * pair_bytes + last_bytes; }
    };

    /// What is left of a radix when bytes were put out while it was above `limit`.
    struct Shrunk {
        std::uint32_t radix;
        std::size_t bytes = 0;

        constexpr Shrunk(std::uint32_t from, std::uint32_t limit) : radix{from} {
            for (; radix > limit; ++bytes) radix = (radix + 255) / 256;
        }
    };

    static constexpr std::uint32_t largest_radix = (1 << 14) - 1;
    static constexpr std::size_t level_count = std::bit_width(Count - 1) + 1;

    static constexpr std::array<Level, level_count> make_levels() {
        std::array<Level, level_count> made;
        std::size_t count = Count;
        std::uint32_t radix = Radix;
        std::uint32_t last_radix = Radix;
        std::size_t offset = 0;
        for (Level& level : made) {
            const bool paired = count % 2 == 0;
            const Shrunk pair{radix * radix, largest_radix};
            const Shrunk last = paired       ? Shrunk{radix * last_radix, largest_radix}
                                : count == 1 ? Shrunk{last_radix, 1}
                                             : Shrunk{last_radix, last_radix};
            level = {(count - 1) / 2, paired,     Divisor{radix}, Divisor{last_radix},
                     pair.bytes,      last.bytes, offset};
            count -= count / 2;
            radix = pair.radix;
            last_radix = last.radix;
            offset = level.end();
        }
        return made;
    }

    static constexpr std::array<Level, level_count> levels = make_levels();

public:
    static constexpr std::size_t size = levels.back().end();
    using Numbers = std::span<std::uint16_t, Count>;

    /// Afterwards `numbers` are of no use.
    static void encode(Numbers numbers, std::span<std::byte, size> bytes) noexcept {
        std::uint16_t* const at = numbers.data();
        std::byte* out = bytes.data();
        const auto put = [&out](std::uint32_t number, std::size_t count) {
            for (; count > 0; --count, number >>= 8) *out++ = static_cast<std::byte>(number);
            return static_cast<std::uint16_t>(number);
        };
        for (const Level& level : levels) {
            std::size_t i = 0;
            for (; i < level.pairs; ++i) {
                at[i] = put(at[2 * i] + at[2 * i + 1] * level.radix.value(), level.pair_bytes);
            }
            const std::uint32_t upper =
                level.last_is_paired ? at[2 * i + 1] * level.radix.value() : 0;
            at[i] = put(at[2 * i] + upper, level.last_bytes);
        }
    }

    /// Any bytes are taken: each number is reduced modulo its radix.
    static void decode(std::span<const std::byte, size> bytes, Numbers numbers) noexcept {
        std::uint16_t* const at = numbers.data();
        at[0] = 0;
        for (std::size_t number = level_count; number-- > 0;) {
            const Level& level = levels[number];
            const auto with_bytes = [&](std::size_t i, std::size_t count) {
                std::uint32_t value = at[i];
                const std::byte* const from = bytes.data() + level.offset + i * level.pair_bytes;
                while (count-- > 0)
                    value = value << 8 | std::to_integer<std::uint32_t>(from[count]);
                return value;
            };
            const std::size_t last = level.pairs;
            const std::uint32_t value = with_bytes(last, level.last_bytes);
            if (level.last_is_paired) {
                split(value, level.radix, level.last_radix, at + 2 * last);
            } else {
                at[2 * last] = static_cast<std::uint16_t>(level.last_radix.remainder(value));
            }
            for (std::size_t i = last; i-- > 0;) {
                split(with_bytes(i, level.pair_bytes), level.radix, level.radix, at + 2 * i);
            }
        }
    }

private:
    static void split(std::uint32_t value, const Divisor& first, const Divisor& second,
                      std::uint16_t* pair) noexcept {
        const std::uint32_t upper = first.quotient(value);
        pair[0] = static_cast<std::uint16_t>(value - upper * first.value());
        pair[1] = static_cast<std::uint16_t>(second.remainder(upper));
    }
};

}  // namespace culvert
