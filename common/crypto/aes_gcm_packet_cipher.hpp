#pragma once

#include <memory>

#include "common/crypto/aes_gcm.hpp"
#include "common/crypto/packet_cipher.hpp"

namespace culvert {

/// aes256-gcm@openssh.com: RFC 5647 as OpenSSH's PROTOCOL 1.6 profiles it. The length goes in the
/// clear and is authenticated. The sequence number plays no part: the IV counts the packets itself,
/// so that the numbers may start again at 0 (strict KEX).
class AesGcmPacketCipher final : public PacketCipher {
public:
    /// `iv` is the first 12 bytes of the initial IV (RFC 4253 7.2). `backend` must be available.
    AesGcmPacketCipher(AesGcmBackend backend, const CipherKey& key, const AesGcmIv& iv);

    std::size_t block_size() const noexcept override { return 16; }
    std::size_t tag_size() const noexcept override { return Aes256Gcm::tag_size; }
    void seal(std::uint32_t sequence_number, MutableBytes packet) override;
    std::uint32_t read_length(std::uint32_t sequence_number,
                              std::span<const std::byte, 4> first) const override;
    [[nodiscard]] bool open(std::uint32_t sequence_number, MutableBytes packet) override;

private:
    void count_invocation() noexcept;

    std::unique_ptr<Aes256Gcm> aes_gcm_;
    AesGcmIv iv_;
};

}  // namespace culvert
