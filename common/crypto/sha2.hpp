#pragma once

#include <sodium.h>

#include <array>
#include <cstddef>

#include "common/base/bytes.hpp"

namespace culvert {

using Sha256Digest = std::array<std::byte, 32>;
using Sha512Digest = std::array<std::byte, 64>;

/// SHA-256 (FIPS 180-4) of what comes in pieces. A copy goes on from where the original is. Wiped
/// when it goes: what is hashed may be secret.
class Sha256 {
public:
    Sha256() noexcept { crypto_hash_sha256_init(&state_); }
    Sha256(const Sha256&) = default;
    Sha256& operator=(const Sha256&) = default;
    ~Sha256() { sodium_memzero(&state_, sizeof state_); }

    Sha256& update(Bytes more) noexcept;
    /// The digest of everything so far. Ends this object's use.
    Sha256Digest finish() noexcept;

private:
    crypto_hash_sha256_state state_;
};

/// As Sha256, with SHA-512.
class Sha512 {
public:
    Sha512() noexcept { crypto_hash_sha512_init(&state_); }
    Sha512(const Sha512&) = default;
    Sha512& operator=(const Sha512&) = default;
    ~Sha512() { sodium_memzero(&state_, sizeof state_); }

    Sha512& update(Bytes more) noexcept;
    /// The digest of everything so far. Ends this object's use.
    Sha512Digest finish() noexcept;

private:
    crypto_hash_sha512_state state_;
};

Sha256Digest sha256(Bytes message) noexcept;
Sha512Digest sha512(Bytes message) noexcept;

/// HMAC-SHA-256 (RFC 2104); a key of any length.
Sha256Digest hmac_sha256(Bytes key, Bytes message) noexcept;

}  // namespace culvert
