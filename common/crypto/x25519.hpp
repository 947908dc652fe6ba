#pragma once

#include <array>
#include <cstddef>
#include <optional>

#include "common/crypto/random.hpp"
#include "common/crypto/secret.hpp"

namespace culvert {

using X25519PublicKey = std::array<std::byte, 32>;
/// X as RFC 8731 3 has it: the 32 bytes, which become an mpint with the first byte the highest.
using SharedSecret = Secret<struct SharedSecretTag, 32>;

/// An ephemeral X25519 key pair (RFC 7748 5), for one key exchange.
class X25519KeyPair {
public:
    explicit X25519KeyPair(Random& random);

    const X25519PublicKey& public_key() const noexcept { return public_key_; }

    /// What both sides get. Empty when it is all zeros: the peer chose a point of small order, so
    /// that the secret is none, and the exchange must be ended (RFC 8731 3, RFC 7748 6.1).
    std::optional<SharedSecret> shared_secret(const X25519PublicKey& peer) const;

private:
    using PrivateKey = Secret<struct X25519PrivateKeyTag, 32>;

    PrivateKey private_key_;
    X25519PublicKey public_key_;
};

}  // namespace culvert
