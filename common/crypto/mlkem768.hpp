#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

#include "common/base/bytes.hpp"
#include "common/crypto/kem.hpp"
#include "common/crypto/random.hpp"

namespace culvert {

/// An ML-KEM-768 key pair (FIPS 203), for one key exchange.
class MlKem768 {
public:
    using PublicKey = std::array<std::byte, 1184>;  ///< the encapsulation key
    using Ciphertext = std::array<std::byte, 1088>;

    explicit MlKem768(Random& random);

    const PublicKey& public_key() const noexcept { return public_key_; }

    /// A ciphertext that wasn't made with our public key gives a secret that the peer doesn't have
    /// (implicit rejection, FIPS 203 6.3): the two sides' keys then differ.
    KemSecret decapsulate(const Ciphertext& ciphertext) const;

    struct Encapsulation {
        Ciphertext ciphertext;
        KemSecret secret;
    };
    /// Empty for a key with a coefficient that isn't below 3329 (FIPS 203 7.2).
    static std::optional<Encapsulation> encapsulate(const PublicKey& key, Random& random);

private:
    PublicKey public_key_;  // before the private key, which is made together with it
    Secret<struct MlKem768PrivateKeyTag, 2400> private_key_;
};

/// The implementation in use: "libsodium", or "culvert's own" where libsodium has none.
std::string_view mlkem768_backend_name();

}  // namespace culvert
