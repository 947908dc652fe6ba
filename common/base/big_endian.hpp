#pragma once

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstring>
#include <span>

namespace culvert {

/// The network's byte order (RFC 4251 5): the first byte is the highest.
template <std::unsigned_integral Int>
constexpr Int to_big_endian(Int value) noexcept {
    if constexpr (std::endian::native == std::endian::little) {
        if constexpr (sizeof(Int) == 2) return __builtin_bswap16(value);
        if constexpr (sizeof(Int) == 4) return __builtin_bswap32(value);
        if constexpr (sizeof(Int) == 8) return __builtin_bswap64(value);
    }
    return value;
}

template <std::unsigned_integral Int>
Int load_big_endian(std::span<const std::byte, sizeof(Int)> from) noexcept {
    Int value;
    std::memcpy(&value, from.data(), sizeof value);
    return to_big_endian(value);
}

template <std::unsigned_integral Int>
void store_big_endian(std::span<std::byte, sizeof(Int)> to, Int value) noexcept {
    value = to_big_endian(value);
    std::memcpy(to.data(), &value, sizeof value);
}

}  // namespace culvert
