#pragma once

#include "common/crypto/chacha20_poly1305_backends.hpp"
#include "common/crypto/packet_cipher.hpp"
#include "common/crypto/secret.hpp"

namespace culvert {

/// K_2 (body and tag), then K_1 (length), as the key exchange derives them.
using ChaCha20Poly1305Key = Secret<struct ChaCha20Poly1305KeyTag, 64>;

/// chacha20-poly1305@openssh.com (OpenSSH's PROTOCOL.chacha20poly1305). Both ChaCha20 instances are
/// the original ones with a 64-bit nonce: the sequence number. The tag is verified before anything
/// of the body is decrypted. Block 0 and the length are libsodium's, the rest the backend's.
class ChaCha20Poly1305PacketCipher final : public PacketCipher {
public:
    static constexpr std::size_t poly1305_tag_size = 16;

    explicit ChaCha20Poly1305PacketCipher(
        ChaCha20Poly1305Key key,
        const ChaCha20Poly1305Backend& backend = available_chacha20_poly1305_backends().front())
        : key_{std::move(key)}, backend_{backend} {}

    std::size_t block_size() const noexcept override { return 8; }
    std::size_t tag_size() const noexcept override { return poly1305_tag_size; }
    void seal(std::uint32_t sequence_number, MutableBytes packet) override;
    std::uint32_t read_length(std::uint32_t sequence_number,
                              std::span<const std::byte, 4> first) const override;
    [[nodiscard]] bool open(std::uint32_t sequence_number, MutableBytes packet) override;

private:
    using Key = std::span<const std::byte, 32>;
    Key body_key() const noexcept { return key_.reveal().first<32>(); }
    Key length_key() const noexcept { return key_.reveal().last<32>(); }

    ChaCha20Poly1305Key key_;
    ChaCha20Poly1305Backend backend_;
};

}  // namespace culvert
