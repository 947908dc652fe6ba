#pragma once

#include <array>
#include <concepts>
#include <cstdint>
#include <string_view>

#include "common/base/bytes.hpp"
#include "common/base/strong.hpp"
#include "common/wire/reader.hpp"

namespace culvert {

/// Appends the data types of RFC 4251 5 to a byte vector that its maker owns.
class Writer {
public:
    explicit Writer(ByteVector& to) noexcept : to_{to} {}

    void raw(Bytes bytes) { append(to_, bytes); }
    void byte(std::uint8_t value) { to_.push_back(std::byte{value}); }
    void boolean(bool value) { byte(value ? 1 : 0); }
    void uint32(std::uint32_t value);
    void uint64(std::uint64_t value);
    void string(Bytes bytes);
    void string(std::string_view text) { string(bytes_of(text)); }
    void name_list(const NameList& names);
    /// A non-negative integer from its bytes, the highest first (leading zeros are dropped).
    void mpint(Bytes magnitude);

    // Templates, so that no argument converts to another field's type on its way here.
    void put(std::same_as<bool> auto value) { boolean(value); }
    void put(std::same_as<std::uint8_t> auto value) { byte(value); }
    void put(std::same_as<std::uint32_t> auto value) { uint32(value); }
    void put(std::same_as<std::uint64_t> auto value) { uint64(value); }
    void put(Bytes value) { string(value); }
    void put(std::string_view value) { string(value); }
    void put(const std::string& value) { string(std::string_view{value}); }
    void put(const NameList& value) { name_list(value); }
    template <class Tag, class Int>
    void put(Strong<Tag, Int> value) {
        put(value.value());
    }
    template <std::size_t N>
    void put(const std::array<std::byte, N>& value) {
        raw(value);
    }

private:
    ByteVector& to_;
};

}  // namespace culvert
