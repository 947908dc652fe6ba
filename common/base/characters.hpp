#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace culvert {

/// ASCII alone, whatever the locale: names of hosts, options and keys know no other case.
constexpr char lower_case(char c) noexcept {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

inline std::string lower_case(std::string_view text) {
    std::string lower{text};
    for (char& c : lower) c = lower_case(c);
    return lower;
}

/// A byte below the blank, or DEL: it could move a terminal's cursor or end a line.
constexpr bool is_control(char c) noexcept {
    return static_cast<unsigned char>(c) < ' ' || c == 0x7f;
}

inline bool has_control(std::string_view text) noexcept {
    return std::ranges::any_of(text, is_control);
}

inline bool has_blank_or_control(std::string_view text) noexcept {
    return has_control(text) || text.find(' ') != std::string_view::npos;
}

/// Printable ASCII without blanks, and some of it: what a host name is made of, at least.
inline bool is_one_word(std::string_view text) noexcept {
    const auto is_visible = [](char c) { return c > ' ' && c <= '~'; };
    return !text.empty() && std::ranges::all_of(text, is_visible);
}

/// What stands between its blanks and tabs.
inline std::vector<std::string_view> words_of(std::string_view text) {
    std::vector<std::string_view> words;
    for (;;) {
        const std::size_t start = text.find_first_not_of(" \t");
        if (start == std::string_view::npos) return words;
        text.remove_prefix(start);
        words.push_back(text.substr(0, text.find_first_of(" \t")));
        text.remove_prefix(words.back().size());
    }
}

}  // namespace culvert
