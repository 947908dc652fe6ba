#include "common/config/rekey_limit.hpp"

#include <fmt/format.h>

#include "common/base/characters.hpp"
#include "common/base/error.hpp"
#include "common/base/escape.hpp"
#include "common/config/byte_size.hpp"
#include "common/config/duration.hpp"

namespace culvert {
namespace {

[[noreturn]] void fail(std::string_view text, std::string_view wanted) {
    throw Error{ErrorKind::usage, fmt::format("'{}' is not {}", escaped(text, 64), wanted)};
}

std::uint64_t parse_bytes(std::string_view text) {
    constexpr std::uint64_t least = 16;
    const auto bytes = parse_byte_size(text);
    if (!bytes || *bytes < least) {
        fail(text, "a number of bytes (16 or more), such as 64M or 1G");
    }
    return *bytes;
}

std::chrono::seconds parse_time(std::string_view text) {
    if (lower_case(text) == "none") return std::chrono::seconds::zero();
    const auto time = parse_ssh_time(text);
    if (!time) fail(text, "a time (such as 90, 30m or 1h30m) or none");
    return *time;
}

}  // namespace

RekeyLimit parse_rekey_limit(std::string_view text) {
    const std::vector<std::string_view> words = words_of(text);
    if (words.empty() || words.size() > 2) {
        fail(text, "a number of bytes, such as 1G, and optionally a time");
    }
    RekeyLimit limit;
    if (lower_case(words[0]) != "default" && words[0] != "0") limit.bytes = parse_bytes(words[0]);
    if (words.size() == 2) limit.after = parse_time(words[1]);
    return limit;
}

}  // namespace culvert
