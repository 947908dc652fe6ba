#include "client/banner.hpp"

#include <algorithm>

#include "common/base/escape.hpp"

namespace culvert {
namespace {

constexpr std::size_t tab_width = 8;

std::string without_tabs(std::string_view line) {
    std::string out;
    for (const char c : line) {
        if (c == '\t') {
            out.append(tab_width - out.size() % tab_width, ' ');
        } else {
            out += c;
        }
    }
    return out.substr(0, out.find_last_not_of(' ') + 1);
}

/// Takes the first line, with its end, off the text.
std::string_view take_line(std::string_view& text) {
    const std::size_t end = std::min(text.find_first_of("\r\n"), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end);
    text.remove_prefix(text.starts_with("\r\n") ? 2 : std::min<std::size_t>(1, text.size()));
    return line;
}

}  // namespace

std::vector<std::string> banner_lines(std::string_view text) {
    std::vector<std::string> lines;
    while (!text.empty()) {
        std::string line = escaped(without_tabs(take_line(text)));
        if (!line.empty() || !lines.empty()) lines.push_back(std::move(line));
    }
    while (!lines.empty() && lines.back().empty()) lines.pop_back();
    return lines;
}

}  // namespace culvert
