#include "client/ssh_config_hint.hpp"

#include <algorithm>
#include <sstream>

#include <fmt/format.h>

#include "common/base/characters.hpp"
#include "common/base/error.hpp"
#include "common/base/file.hpp"
#include "common/base/wildcard.hpp"

namespace culvert {
namespace {

/// `*` alone says something about every host, and so nothing about this one.
bool is_about(const std::string& pattern, std::string_view host) {
    const bool everything = pattern.find_first_not_of('*') == std::string::npos;
    return !everything && wildcard_match(pattern, host);
}

/// A line of ssh_config(5): `Host a b`, `host = a`.
bool is_block_about(std::string line, std::string_view host) {
    std::ranges::replace(line, '=', ' ');
    std::istringstream words{line};
    std::string word;
    words >> word;
    if (lower_case(word) != "host") return false;
    while (words >> word) {
        if (is_about(word, host)) return true;
    }
    return false;
}

}  // namespace

std::string ssh_config_hint(std::string_view text, std::string_view host) {
    std::istringstream lines{std::string{text}};
    std::string line;
    for (int number = 1; std::getline(lines, line); ++number) {
        if (!is_block_about(line, host)) continue;
        return fmt::format(
            "; line {} of ~/.ssh/config begins a Host block for it, and culvert doesn't read that "
            "file: give its HostName, User and Port here",
            number);
    }
    return {};
}

std::string ssh_config_hint_of_file(const std::string& path, std::string_view host) {
    constexpr std::size_t longest_file = 1 << 20;
    try {
        const auto text = read_file_if_exists(path, longest_file);
        return text ? ssh_config_hint(*text, host) : std::string{};
    } catch (const Error&) {
        return {};  // it was only for a hint
    }
}

}  // namespace culvert
