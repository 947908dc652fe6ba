#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace culvert {

/// A view of bytes that somebody else owns; it lives as long as they do.
using Bytes = std::span<const std::byte>;
using MutableBytes = std::span<std::byte>;
using ByteVector = std::vector<std::byte>;

inline Bytes bytes_of(std::string_view text) noexcept {
    return std::as_bytes(std::span{text.data(), text.size()});
}

/// Views the same memory as `bytes`.
inline std::string_view text_of(Bytes bytes) noexcept {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// For C interfaces that count in unsigned char.
inline const unsigned char* uchar(Bytes bytes) noexcept {
    return reinterpret_cast<const unsigned char*>(bytes.data());
}
inline unsigned char* uchar(MutableBytes bytes) noexcept {
    return reinterpret_cast<unsigned char*>(bytes.data());
}

inline void append(ByteVector& to, Bytes more) { to.insert(to.end(), more.begin(), more.end()); }

}  // namespace culvert
