#pragma once

#include <optional>

#include "common/crypto/mlkem768_backends.hpp"

/// A backend's functions for tests, with results instead of places for them.
namespace culvert::test {

struct MlKem768Keys {
    MlKem768::PublicKey public_key;
    std::array<std::byte, 2400> private_key;
};

struct MlKem768Encapsulated {
    MlKem768::Ciphertext ciphertext;
    std::array<std::byte, 32> secret;
};

inline MlKem768Keys generate(const MlKem768Backend& backend, MlKem768Backend::Seed seed) {
    MlKem768Keys keys;
    backend.generate(seed, keys.public_key, keys.private_key);
    return keys;
}

inline std::optional<MlKem768Encapsulated> encapsulate(const MlKem768Backend& backend,
                                                       const MlKem768::PublicKey& key,
                                                       MlKem768Backend::Message message) {
    MlKem768Encapsulated made;
    if (!backend.encapsulate(key, message, made.ciphertext, made.secret)) return std::nullopt;
    return made;
}

inline std::array<std::byte, 32> decapsulate(const MlKem768Backend& backend,
                                             MlKem768Backend::PrivateKey key,
                                             const MlKem768::Ciphertext& ciphertext) {
    std::array<std::byte, 32> secret;
    backend.decapsulate(key, ciphertext, secret);
    return secret;
}

/// The key's coefficient (0 to 767): 12 bits of it, in the low or the high half of a byte.
inline unsigned coefficient(const MlKem768::PublicKey& key, std::size_t index) {
    const std::size_t at = index / 2 * 3 + index % 2;
    const auto low = std::to_integer<unsigned>(key[at]);
    const auto high = std::to_integer<unsigned>(key[at + 1]);
    return index % 2 == 0 ? low | (high & 15) << 8 : low >> 4 | high << 4;
}

inline void set_coefficient(MlKem768::PublicKey& key, std::size_t index, unsigned to) {
    const std::size_t at = index / 2 * 3 + index % 2;
    if (index % 2 == 0) {
        key[at] = static_cast<std::byte>(to);
        key[at + 1] = (key[at + 1] & std::byte{0xf0}) | static_cast<std::byte>(to >> 8);
    } else {
        key[at] = (key[at] & std::byte{0x0f}) | static_cast<std::byte>((to & 15) << 4);
        key[at + 1] = static_cast<std::byte>(to >> 4);
    }
}

}  // namespace culvert::test
