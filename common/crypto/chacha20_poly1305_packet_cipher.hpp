#pragma once

#include "common/crypto/packet_cipher.hpp"
#include "common/crypto/secret.hpp"

namespace culvert {

/// K_2 (body and tag), then K_1 (length), as the key exchange derives them.
using ChaCha20Poly1305Key = Secret<struct ChaCha20Poly1305KeyTag, 64>;

/// chacha20-poly1305@openssh.com (OpenSSH's PROTOCOL.chacha20poly1305), by libsodium. Both ChaCha20
/// instances are the original ones with a 64-bit nonce: the sequence number. The tag is verified
/// before anything of the body is decrypted. Another implementation of it is another PacketCipher
/// beside this one, to be tested with chacha20_poly1305_packet_cipher_test.cpp.
class ChaCha20Poly1305PacketCipher final : public PacketCipher {
public:
    static constexpr std::size_t poly1305_tag_size = 16;

    explicit ChaCha20Poly1305PacketCipher(ChaCha20Poly1305Key key) noexcept
        : key_{std::move(key)} {}

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
};

}  // namespace culvert
