#include "common/crypto/sntrup761_encoding.hpp"

#include <algorithm>
#include <cstdint>

#include "common/crypto/mixed_radix.hpp"
#include "common/crypto/sntrup761_fields.hpp"

namespace culvert::sntrup761 {
namespace {

constexpr std::int16_t third_of_largest = Fq::largest / 3;
static_assert(Fq::largest % 3 == 0);

using ModuloQ = MixedRadix<p, Fq::q>;
using Rounded = MixedRadix<p, 2 * third_of_largest + 1>;
static_assert(ModuloQ::size == modulo_q_size && Rounded::size == rounded_size);

using Numbers = Wiped<std::array<std::uint16_t, p>>;
constexpr std::size_t numbers_in_a_byte = 4;

}  // namespace

void encode_small(const Polynomial& polynomial, std::span<std::byte, small_size> bytes) noexcept {
    for (std::size_t i = 0; i < small_size; ++i) {
        const std::size_t first = numbers_in_a_byte * i;
        std::uint32_t byte = 0;
        for (std::size_t j = std::min(first + numbers_in_a_byte, p); j-- > first;) {
            byte = byte << 2 | static_cast<std::uint32_t>(polynomial[j] + 1);
        }
        bytes[i] = static_cast<std::byte>(byte);
    }
}

void decode_small(Polynomial& polynomial, std::span<const std::byte, small_size> bytes) noexcept {
    for (std::size_t i = 0; i < p; ++i) {
        const auto byte = std::to_integer<std::int32_t>(bytes[i / numbers_in_a_byte]);
        polynomial[i] = low_half((byte >> 2 * (i % numbers_in_a_byte) & 3) - 1);
    }
}

void encode_modulo_q(const Polynomial& polynomial,
                     std::span<std::byte, modulo_q_size> bytes) noexcept {
    Numbers numbers{};
    for (std::size_t i = 0; i < p; ++i) {
        numbers[i] = static_cast<std::uint16_t>(polynomial[i] + Fq::largest);
    }
    ModuloQ::encode(numbers, bytes);
}

void decode_modulo_q(Polynomial& polynomial,
                     std::span<const std::byte, modulo_q_size> bytes) noexcept {
    Numbers numbers{};
    ModuloQ::decode(bytes, numbers);
    for (std::size_t i = 0; i < p; ++i) polynomial[i] = low_half(numbers[i] - Fq::largest);
}

void encode_rounded(const Polynomial& polynomial,
                    std::span<std::byte, rounded_size> bytes) noexcept {
    Numbers numbers{};
    for (std::size_t i = 0; i < p; ++i) {
        numbers[i] = static_cast<std::uint16_t>(F3::third(polynomial[i]) + third_of_largest);
    }
    Rounded::encode(numbers, bytes);
}

void decode_rounded(Polynomial& polynomial,
                    std::span<const std::byte, rounded_size> bytes) noexcept {
    Numbers numbers{};
    Rounded::decode(bytes, numbers);
    for (std::size_t i = 0; i < p; ++i) {
        polynomial[i] = low_half(3 * (numbers[i] - third_of_largest));
    }
}

}  // namespace culvert::sntrup761
