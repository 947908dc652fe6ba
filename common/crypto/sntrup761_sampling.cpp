#include "common/crypto/sntrup761_sampling.hpp"

#include <span>

#include "common/crypto/constant_time_sort.hpp"
#include "common/crypto/sntrup761_fields.hpp"

namespace culvert::sntrup761 {
namespace {

using Draws = Wiped<std::array<std::uint32_t, p>>;

void sample(Draws& numbers, Random& random) {
    Wiped<std::array<std::byte, 4 * p>> bytes;
    random.fill(bytes);
    for (std::size_t i = 0; i < p; ++i) {
        const std::byte* const from = bytes.data() + 4 * i;
        numbers[i] = 0;
        for (std::size_t j = 4; j-- > 0;) {
            numbers[i] = numbers[i] << 8 | std::to_integer<std::uint32_t>(from[j]);
        }
    }
}

/// From 0, 1 or 2.
std::int16_t coefficient(std::uint32_t number) noexcept {
    return low_half(static_cast<std::int32_t>(number) - 1);
}

}  // namespace

void sample_small(Polynomial& polynomial, Random& random) {
    Draws numbers;
    sample(numbers, random);
    for (std::size_t i = 0; i < p; ++i) {
        polynomial[i] = coefficient((numbers[i] & 0x3fffffff) * 3 >> 30);
    }
}

/// The lowest two bits are a coefficient: 0 or 2 for -1 or 1, and 1 for 0. All bits above are
/// random, and sorting by them makes the places random.
void sample_short(Polynomial& polynomial, Random& random) {
    Draws numbers;
    sample(numbers, random);
    for (std::size_t i = 0; i < weight; ++i) numbers[i] &= ~std::uint32_t{1};
    for (std::size_t i = weight; i < p; ++i) numbers[i] = (numbers[i] & ~std::uint32_t{3}) | 1;
    sort_in_constant_time(numbers);
    for (std::size_t i = 0; i < p; ++i) polynomial[i] = coefficient(numbers[i] & 3);
}

}  // namespace culvert::sntrup761
