#include "common/config/byte_size.hpp"

#include <charconv>

#include <fmt/format.h>

#include "common/base/error.hpp"
#include "common/base/escape.hpp"

namespace culvert {
namespace {

std::optional<int> shift_of(std::string_view unit) {
    if (unit.empty()) return 0;
    if (unit == "k" || unit == "K") return 10;
    if (unit == "m" || unit == "M") return 20;
    if (unit == "g" || unit == "G") return 30;
    return std::nullopt;
}

[[noreturn]] void fail(std::string_view text, std::string_view wanted) {
    throw Error{ErrorKind::usage,
                fmt::format("'{}' is not a number of bytes, {}", escaped(text, 64), wanted)};
}

}  // namespace

std::optional<std::uint64_t> parse_byte_size(std::string_view text) {
    std::uint64_t number = 0;
    const char* const end = text.data() + text.size();
    const auto [stop, failure] = std::from_chars(text.data(), end, number);
    const auto shift = shift_of({stop, static_cast<std::size_t>(end - stop)});
    if (failure != std::errc{} || !shift || number >> (63 - *shift) != 0) return std::nullopt;
    return number << *shift;
}

std::uint32_t parse_window_bytes(std::string_view text) {
    constexpr std::uint64_t least = 64 * 1024;
    constexpr std::uint64_t most = std::uint64_t{1} << 30;
    const auto bytes = parse_byte_size(text);
    if (bytes && *bytes >= least && *bytes <= most) return static_cast<std::uint32_t>(*bytes);
    fail(text, "from 64K to 1G");
}

std::uint64_t parse_window_memory(std::string_view text) {
    constexpr std::uint64_t least = 1024 * 1024;
    const auto bytes = parse_byte_size(text);
    if (bytes && *bytes >= least) return *bytes;
    fail(text, "1M or more, such as 64M or 1G");
}

}  // namespace culvert
