#include "common/wire/reader.hpp"

#include <fmt/format.h>

#include "common/base/big_endian.hpp"
#include "common/wire/protocol_error.hpp"

namespace culvert {
namespace {

// RFC 4251 6 limits a name to 64 characters. No peer sends as many as 256 in one list.
constexpr std::size_t max_name_length = 64;
constexpr std::size_t max_names = 256;

void check_name(std::string_view name) {
    if (name.empty() || name.size() > max_name_length) {
        throw ProtocolError{"a name in a name-list is empty or longer than 64 characters"};
    }
    for (const char c : name) {
        if (c <= ' ' || c > '~') {
            throw ProtocolError{"a name in a name-list has a character that is not allowed"};
        }
    }
}

}  // namespace

NameList parse_name_list(std::string_view text) {
    NameList names;
    if (text.empty()) return names;
    for (;;) {
        const std::size_t comma = text.find(',');
        const std::string_view name = text.substr(0, comma);
        check_name(name);
        if (names.size() == max_names) throw ProtocolError{"a name-list of more than 256 names"};
        names.emplace_back(name);
        if (comma == std::string_view::npos) return names;
        text.remove_prefix(comma + 1);
    }
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
