#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "common/crypto/aes_gcm_packet_cipher.hpp"
#include "common/crypto/chacha20_poly1305_packet_cipher.hpp"
#include "common/transport/proposal.hpp"

namespace culvert::test {

inline bool has_aes_gcm() { return !available_aes_gcm_backends().empty(); }

/// The ciphers that this machine has: without AES in the CPU it is one.
inline std::vector<std::string_view> ciphers() {
    std::vector<std::string_view> names{chacha20_poly1305};
    if (has_aes_gcm()) names.push_back(aes256_gcm);
    return names;
}

inline constexpr std::string_view no_cipher = "none";

inline std::vector<std::string_view> ciphers_and_none() {
    std::vector<std::string_view> names = ciphers();
    names.push_back(no_cipher);
    return names;
}

/// Each call makes one under the same key, so that two are the two ends of a direction.
inline std::unique_ptr<PacketCipher> make_cipher(std::string_view name) {
    std::array<std::byte, 64> key{};
    key.fill(std::byte{0x5c});
    if (name == no_cipher) return nullptr;
    if (name == chacha20_poly1305) {
        return std::make_unique<ChaCha20Poly1305PacketCipher>(ChaCha20Poly1305Key{std::span{key}});
    }
    return std::make_unique<AesGcmPacketCipher>(available_aes_gcm_backends().front(),
                                                CipherKey{std::span{key}.first<32>()}, AesGcmIv{});
}

}  // namespace culvert::test
