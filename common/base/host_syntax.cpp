#include "common/base/host_syntax.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "common/base/characters.hpp"
#include "common/base/host_name.hpp"

namespace culvert {
namespace {

/// A DNS name has at most 253 characters.
constexpr std::size_t longest_host = 255;

/// What is pasted along with a name and isn't seen: blanks, line ends, and in UTF-8 the no-break,
/// the zero-width and the ideographic space and the byte order mark.
constexpr std::array<std::string_view, 10> blank_characters{
    " ", "\t", "\n", "\v", "\f", "\r", "\xc2\xa0", "\xe2\x80\x8b", "\xe3\x80\x80", "\xef\xbb\xbf"};

/// None of these, and no wildcard, is in a host name of the DNS, of a hosts file or in an address.
constexpr std::string_view never_in_names = "[]/@\"'`<>(){}\\|,;!&=#$^";
constexpr std::string_view wildcards = "*?";

enum class Wildcards { refused, taken };

std::optional<std::string> what_is_wrong(std::string_view text, Wildcards those) {
    if (text.empty()) return "it is empty";
    const auto begins = [&](std::string_view blank) { return text.starts_with(blank); };
    const auto ends = [&](std::string_view blank) { return text.ends_with(blank); };
    const auto is_in = [&](std::string_view blank) { return text.find(blank) != text.npos; };
    if (std::ranges::any_of(blank_characters, begins)) return "it begins with a blank";
    if (std::ranges::any_of(blank_characters, ends)) return "it ends with a blank";
    if (std::ranges::any_of(blank_characters, is_in)) return "it has a blank in it";
    if (has_control(text)) return "it has a control character in it";
    if (!is_one_word(text)) return "it has characters beyond ASCII (IDNA writes them as xn--...)";
    if (text.size() > longest_host)
        return fmt::format("it has more than {} characters", longest_host);
    const auto may_not_be_in_one = [&](char c) {
        return never_in_names.find(c) != never_in_names.npos ||
               (those == Wildcards::refused && wildcards.find(c) != wildcards.npos);
    };
    const auto wrong = std::ranges::find_if(text, may_not_be_in_one);
    if (wrong != text.end()) return fmt::format("it has '{}' in it", *wrong);
    for (const std::string_view part : {":", "%"}) {
        if (is_in(part) && !is_ipv6_literal(text)) {
            return fmt::format("it has '{}' in it and is no IPv6 address", part);
        }
    }
    return std::nullopt;
}

std::optional<std::string> why_none(std::string_view text, Wildcards those) {
    const auto wrong = what_is_wrong(text, those);
    if (!wrong) return std::nullopt;
    return "not a host name: " + *wrong;
}

}  // namespace

std::optional<std::string> why_no_host_name(std::string_view text) {
    return why_none(text, Wildcards::refused);
}

std::optional<std::string> why_no_host_pattern(std::string_view text) {
    return why_none(text, Wildcards::taken);
}

}  // namespace culvert
