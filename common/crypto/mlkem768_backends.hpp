#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

#include "common/crypto/mlkem768.hpp"

namespace culvert {

/// The algorithms of FIPS 203 6, whose random bytes are arguments.
struct MlKem768Backend {
    using Seed = std::span<const std::byte, 64>;  ///< d, then z
    /// Decryption key, encapsulation key, its hash, z.
    using PrivateKey = std::span<const std::byte, 2400>;
    using Message = std::span<const std::byte, 32>;
    using Secret = std::span<std::byte, 32>;

    std::string_view name;
    void (*generate)(Seed seed, MlKem768::PublicKey& public_key,
                     std::span<std::byte, 2400> private_key) noexcept;
    /// False, with nothing written, for a key with a coefficient that isn't below 3329.
    bool (*encapsulate)(const MlKem768::PublicKey& key, Message message,
                        MlKem768::Ciphertext& ciphertext, Secret secret) noexcept;
    void (*decapsulate)(PrivateKey key, const MlKem768::Ciphertext& ciphertext,
                        Secret secret) noexcept;
};

extern const MlKem768Backend own_mlkem768;

/// Those of this build, the one that is used first; our own is always there.
const std::vector<MlKem768Backend>& available_mlkem768_backends();

/// Appends libsodium's, where it has one (1.0.22).
void add_sodium_mlkem768(std::vector<MlKem768Backend>& backends);

}  // namespace culvert
