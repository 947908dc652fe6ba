#pragma once

#include "common/crypto/x25519.hpp"

namespace culvert {

/// K as it goes into hashes, length field included. curve25519-sha256 makes it an mpint (RFC 8731
/// 3.1).
class KexSecret {
public:
    static KexSecret mpint_of(const SharedSecret& secret);

    Bytes reveal() const noexcept { return encoded_.reveal().first(size_); }

private:
    static constexpr std::size_t capacity = 4 + 1 + SharedSecret::size;

    KexSecret(std::span<std::byte, capacity> encoded, std::size_t size) noexcept
        : encoded_{encoded}, size_{size} {}

    Secret<struct KexSecretTag, capacity> encoded_;
    std::size_t size_;
};

}  // namespace culvert
