#pragma once

#include <charconv>
#include <concepts>
#include <optional>
#include <string_view>
#include <system_error>

namespace culvert {

/// The whole text as a number, decimal unless told: digits alone, without sign, blanks or unit.
/// Nullopt for anything else, and for what a T can't hold.
template <std::unsigned_integral T>
std::optional<T> parse_number(std::string_view text, int base = 10) noexcept {
    T number{};
    const char* const end = text.data() + text.size();
    const auto [stop, failure] = std::from_chars(text.data(), end, number, base);
    if (failure != std::errc{} || stop != end) return std::nullopt;
    return number;
}

}  // namespace culvert
