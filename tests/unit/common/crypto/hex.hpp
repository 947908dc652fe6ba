#pragma once

#include <array>
#include <cassert>
#include <cstdint>
#include <string>
#include <string_view>

#include "common/base/bytes.hpp"

namespace culvert::test {

inline ByteVector unhex(std::string_view digits) {
    const auto value = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
    assert(digits.size() % 2 == 0);
    ByteVector bytes;
    for (; !digits.empty(); digits.remove_prefix(2)) {
        bytes.push_back(static_cast<std::byte>(value(digits[0]) * 16 + value(digits[1])));
    }
    return bytes;
}

template <std::size_t N>
std::array<std::byte, N> unhex_array(std::string_view digits) {
    const ByteVector bytes = unhex(digits);
    assert(bytes.size() == N);
    std::array<std::byte, N> array{};
    std::copy(bytes.begin(), bytes.end(), array.begin());
    return array;
}

inline std::string hex(Bytes bytes) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text;
    for (const std::byte b : bytes) {
        text += digits[std::to_integer<std::size_t>(b >> 4)];
        text += digits[std::to_integer<std::size_t>(b & std::byte{15})];
    }
    return text;
}

}  // namespace culvert::test
