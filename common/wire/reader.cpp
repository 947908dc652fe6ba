#include "common/wire/reader.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "common/base/big_endian.hpp"
#include "common/wire/protocol_error.hpp"

namespace culvert {
namespace {

constexpr std::size_t longest_name = 64;  // RFC 4251 6
// A name of one letter takes 2 bytes of a packet and 32 in memory. sshd reads the first 40.
constexpr std::size_t most_names = 256;

bool is_regular_name(std::string_view name) {
    return !name.empty() && name.size() <= longest_name &&
           std::ranges::all_of(name, [](char c) { return c > ' ' && c <= '~'; });
}

}  // namespace

NameList parse_name_list(std::string_view text) {
    if (text.find('\0') != std::string_view::npos) {
        throw ProtocolError{"a name-list with a NUL in it"};
    }
    NameList names;
    while (!text.empty() && names.size() < most_names) {
        const std::size_t comma = std::min(text.find(','), text.size());
        names.emplace_back(text.substr(0, comma));
        text.remove_prefix(std::min(comma + 1, text.size()));
    }
    return names;
}

bool is_regular_name_list(std::string_view text) {
    if (text.empty()) return true;
    for (std::size_t names = 1; names <= most_names; ++names) {
        const std::size_t comma = text.find(',');
        if (!is_regular_name(text.substr(0, comma))) return false;
        if (comma == std::string_view::npos) return true;
        text.remove_prefix(comma + 1);
    }
    return false;
}

Bytes Reader::raw(std::size_t length) {
    if (length > rest_.size()) {
        throw ProtocolError{
            fmt::format("a field of {} bytes in a message with {} left", length, rest_.size())};
    }
    const Bytes taken = rest_.first(length);
    rest_ = rest_.subspan(length);
    return taken;
}

std::uint8_t Reader::byte() { return std::to_integer<std::uint8_t>(raw(1)[0]); }

bool Reader::boolean() { return byte() != 0; }

std::uint32_t Reader::uint32() { return load_big_endian<std::uint32_t>(raw(4).first<4>()); }

std::uint64_t Reader::uint64() { return load_big_endian<std::uint64_t>(raw(8).first<8>()); }

Bytes Reader::string() {
    const std::uint32_t length = uint32();
    return raw(length);
}

void Reader::expect_number(std::uint8_t number) {
    const std::uint8_t found = byte();
    if (found != number) {
        throw ProtocolError{fmt::format("message {} where {} was due", found, number)};
    }
}

void Reader::expect_end() const {
    if (!rest_.empty()) {
        throw ProtocolError{fmt::format("{} bytes after the end of a message", rest_.size())};
    }
}

}  // namespace culvert
