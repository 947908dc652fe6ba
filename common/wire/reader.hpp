#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/bytes.hpp"
#include "common/base/strong.hpp"

namespace culvert {

/// An SSH name-list (RFC 4251 5), in order.
using NameList = std::vector<std::string>;

/// The names in `text` as they stand there. A name that breaks RFC 4251 6 matches nothing and does
/// no harm; the list may end with a comma; names beyond the 256th are left out. A leading or
/// doubled comma leaves an empty name: a reader that chooses from the list refuses it. Throws
/// ProtocolError for a NUL.
NameList parse_name_list(std::string_view text);

/// Whether `text` keeps to RFC 4251 5 and 6: at most 256 names, each of 1 to 64 printable ASCII
/// characters, with single commas between them.
bool is_regular_name_list(std::string_view text);

/// Reads the data types of RFC 4251 5 off the front of a payload. Each `get` checks the length
/// against what is left before it touches or allocates anything, and throws ProtocolError when the
/// payload is too short. What it returns as a view lives as long as the payload.
class Reader {
public:
    explicit Reader(Bytes payload) noexcept : rest_{payload} {}

    Bytes rest() const noexcept { return rest_; }

    Bytes raw(std::size_t length);
    std::uint8_t byte();
    bool boolean();  ///< any byte but 0 is true
    std::uint32_t uint32();
    std::uint64_t uint64();
    Bytes string();
    std::string_view text() { return text_of(string()); }
    NameList name_list() { return parse_name_list(text()); }

    void get(bool& field) { field = boolean(); }
    void get(std::uint8_t& field) { field = byte(); }
    void get(std::uint32_t& field) { field = uint32(); }
    void get(std::uint64_t& field) { field = uint64(); }
    void get(Bytes& field) { field = string(); }
    void get(std::string_view& field) { field = text(); }
    void get(std::string& field) { field = text(); }
    void get(NameList& field) { field = name_list(); }
    template <class Tag, class Int>
    void get(Strong<Tag, Int>& field) {
        Int value{};
        get(value);
        field = Strong<Tag, Int>{value};
    }
    template <std::size_t N>
    void get(std::array<std::byte, N>& field) {
        std::ranges::copy(raw(N), field.begin());
    }

    /// Throws unless the next byte is this message number.
    void expect_number(std::uint8_t number);
    /// Throws unless everything has been read.
    void expect_end() const;

private:
    Bytes rest_;
};

}  // namespace culvert
