#pragma once

#include <cstddef>

#include "common/base/bytes.hpp"
#include "common/crypto/secret.hpp"

namespace culvert {

/// K as it goes into hashes, length field included. The method says which of the two encodings
/// (RFC 4251 5) it has. A secret has at most `longest` bytes.
class KexSecret {
public:
    /// Of curve25519-sha256 (RFC 8731 3.1).
    static KexSecret mpint_of(Bytes secret);
    /// Of the hybrid methods (draft-ietf-sshm-mlkem-hybrid-kex 2.4, RFC 9941 3).
    static KexSecret string_of(Bytes secret);

    Bytes reveal() const noexcept { return encoded_.reveal().first(size_); }

    static constexpr std::size_t longest = 64;

private:
    static constexpr std::size_t capacity = 4 + 1 + longest;

    KexSecret(std::span<std::byte, capacity> encoded, std::size_t size) noexcept
        : encoded_{encoded}, size_{size} {}
    static ByteVector room();
    static KexSecret take(ByteVector&& encoded);

    Secret<struct KexSecretTag, capacity> encoded_;
    std::size_t size_;
};

}  // namespace culvert
