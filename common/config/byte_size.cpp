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

}  // namespace

std::optional<std::uint64_t> parse_byte_size(std::string_view text) {
    std::uint64_t number = 0;
    const char* const end = text.data() + text.size();
    const auto [stop, failure] = std::from_chars(text.data(), end, number);
    const auto shift = shift_of({stop, static_cast<std::size_t>(end - stop)});
    if (failure != std::errc{} || !shift || number >> (63 - *shift) != 0) return std::nullopt;
    return number << *shift;
}

std::uint64_t parse_rekey_bytes(std::string_view text) {
    constexpr std::uint64_t least = 16;
    const auto bytes = parse_byte_size(text);
    if (bytes && *bytes >= least) return *bytes;
    throw Error{ErrorKind::usage,
                fmt::format("'{}' is not a number of bytes, 16 or more, with K, M or G behind it",
                            escaped(text, 64))};
}

}  // namespace culvert
