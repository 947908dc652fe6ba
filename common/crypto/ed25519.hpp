#pragma once

#include <array>
#include <cstddef>
#include <span>

#include "common/base/bytes.hpp"
#include "common/crypto/random.hpp"
#include "common/crypto/secret.hpp"
#include "common/crypto/secret_bytes.hpp"

namespace culvert {

/// A compressed point (RFC 8032 5.1.5). Not known to be a valid one until a signature verifies.
struct Ed25519PublicKey {
    static constexpr std::size_t size = 32;

    std::array<std::byte, size> bytes{};

    friend bool operator==(const Ed25519PublicKey&, const Ed25519PublicKey&) = default;
};

using Ed25519Signature = std::array<std::byte, 64>;
using Ed25519Seed = Secret<struct Ed25519SeedTag, 32>;

/// Ed25519 (RFC 8032 5.1). The secret lies in locked memory: such keys last.
class Ed25519PrivateKey {
public:
    /// Of what reveal() shows.
    static constexpr std::size_t secret_size = 64;

    explicit Ed25519PrivateKey(const Ed25519Seed& seed);
    static Ed25519PrivateKey generate(Random& random);

    const Ed25519PublicKey& public_key() const noexcept { return public_key_; }
    Ed25519Signature sign(Bytes message) const;

    /// The seed, then the public key, as OpenSSH's files hold them.
    std::span<const std::byte, secret_size> reveal() const noexcept {
        return secret_.reveal().first<secret_size>();
    }

private:
    SecretBytes secret_;
    Ed25519PublicKey public_key_;
};

/// False for a wrong signature, and for what RFC 8032 5.1.7 does not let through: an S that is not
/// below the group's order (a second valid signature made from the first), a public key or an R
/// that is no canonical point or one of small order (which verifies with any message).
[[nodiscard]] bool verify(const Ed25519PublicKey& key, Bytes message,
                          const Ed25519Signature& signature) noexcept;

}  // namespace culvert
