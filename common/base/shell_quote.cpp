#include "common/base/shell_quote.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "common/base/utf8.hpp"

namespace culvert {
namespace {

bool needs_no_quotes(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view{"_@%+=:,./-"}.find(c) != std::string_view::npos;
}

/// The first character's length if it may be shown as it is, otherwise 0.
std::size_t shown_length(std::string_view text) {
    return text.front() >= ' ' && text.front() <= '~' ? 1 : shown_utf8_length(text);
}

bool is_shown(std::string_view word) {
    while (!word.empty()) {
        const std::size_t length = shown_length(word);
        if (length == 0) return false;
        word.remove_prefix(length);
    }
    return true;
}

std::string ansi_c_quoted(std::string_view word) {
    std::string out = "$'";
    while (!word.empty()) {
        const std::size_t length = shown_length(word);
        const char c = word.front();
        if (length == 0) {
            out += fmt::format("\\{:03o}", static_cast<unsigned char>(c));
        } else if (c == '\'' || c == '\\') {
            out += {'\\', c};
        } else {
            out += word.substr(0, length);
        }
        word.remove_prefix(std::max<std::size_t>(length, 1));
    }
    return out + "'";
}

}  // namespace

std::string shell_quoted(std::string_view word) {
    if (!word.empty() && std::ranges::all_of(word, needs_no_quotes)) return std::string{word};
    if (!is_shown(word)) return ansi_c_quoted(word);
    std::string out = "'";
    for (const char c : word) {
        if (c == '\'') {
            out += "'\\''";
        } else {
            out += c;
        }
    }
    return out + "'";
}

}  // namespace culvert
