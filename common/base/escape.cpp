#include "common/base/escape.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "common/base/utf8.hpp"

namespace culvert {
namespace {

constexpr std::string_view line_breaks = "\r\n";
constexpr std::string_view blanks = " \t\r\n";

std::string_view trimmed(std::string_view text) {
    text.remove_prefix(std::min(text.find_first_not_of(blanks), text.size()));
    return text.substr(0, text.find_last_not_of(blanks) + 1);
}

}  // namespace

std::string escaped(std::string_view text, std::size_t limit) {
    std::string out;
    std::size_t at = 0;
    while (at < text.size()) {
        const char c = text[at];
        const bool is_ascii = c >= ' ' && c <= '~';
        const std::size_t shown = is_ascii ? 1 : shown_utf8_length(text.substr(at));
        const std::size_t length = std::max<std::size_t>(shown, 1);
        if (at + length > limit) return out + "...";
        if (c == '\\') {
            out += "\\\\";
        } else if (shown > 0) {
            out += text.substr(at, length);
        } else {
            out += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
        }
        at += length;
    }
    return out;
}

std::string escaped_in_line(std::string_view text, std::size_t limit) {
    std::string line;
    for (text = trimmed(text); !text.empty();) {
        const std::size_t end = std::min(text.find_first_of(line_breaks), text.size());
        if (!line.empty()) line += ' ';
        line += trimmed(text.substr(0, end));
        text = trimmed(text.substr(end));
    }
    return escaped(line, limit);
}

std::string with_peer_text(std::string_view what, std::string_view text) {
    const std::string shown = escaped_in_line(text);
    return shown.empty() ? std::string{what} : fmt::format("{}: {}", what, shown);
}

}  // namespace culvert
