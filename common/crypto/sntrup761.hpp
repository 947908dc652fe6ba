#pragma once

#include <array>
#include <cstddef>

#include "common/base/bytes.hpp"
#include "common/crypto/kem.hpp"
#include "common/crypto/random.hpp"

namespace culvert {

/// A Streamlined NTRU Prime key pair (sntrup761, round 3 of NIST's process), for one key exchange.
/// Time and addresses depend neither on the private key nor on what is encapsulated.
class Sntrup761 {
public:
    using PublicKey = std::array<std::byte, 1158>;
    using PrivateKey = Secret<struct Sntrup761PrivateKeyTag, 1763>;
    using Ciphertext = std::array<std::byte, 1039>;

    explicit Sntrup761(Random& random);

    const PublicKey& public_key() const noexcept { return public_key_; }
    /// For known-answer tests. As other implementations have it: f, 1 / g modulo 3, the public key,
    /// what an invalid ciphertext's secret is made from, and the public key's hash.
    const PrivateKey& private_key() const noexcept { return private_key_; }

    /// A ciphertext that wasn't made with our public key gives a secret that the peer doesn't have
    /// (implicit rejection): the two sides' keys then differ.
    KemSecret decapsulate(const Ciphertext& ciphertext) const;

    struct Encapsulation {
        Ciphertext ciphertext;
        KemSecret secret;
    };
    /// Each 1158 bytes are a key: numbers out of range are taken modulo their radix, as OpenSSH
    /// does. The hashes are of the bytes as they came.
    static Encapsulation encapsulate(const PublicKey& key, Random& random);

private:
    PublicKey public_key_;
    PrivateKey private_key_;
};

}  // namespace culvert
