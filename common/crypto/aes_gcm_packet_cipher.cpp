#include "common/crypto/aes_gcm_packet_cipher.hpp"

#include <cassert>

#include "common/base/big_endian.hpp"

namespace culvert {

AesGcmPacketCipher::AesGcmPacketCipher(AesGcmBackend backend, const CipherKey& key,
                                       const AesGcmIv& iv)
    : aes_gcm_{make_aes256_gcm(backend, key)}, iv_{iv} {}

void AesGcmPacketCipher::seal(std::uint32_t, MutableBytes packet) {
    assert(packet.size() >= packet_length_size + Aes256Gcm::tag_size);
    const MutableBytes sealed = packet.first(packet.size() - Aes256Gcm::tag_size);
    aes_gcm_->seal(iv_, sealed.first(packet_length_size), sealed.subspan(packet_length_size),
                   packet.last<Aes256Gcm::tag_size>());
    count_invocation();
}

std::uint32_t AesGcmPacketCipher::read_length(std::uint32_t,
                                              std::span<const std::byte, 4> first) const {
    return load_big_endian<std::uint32_t>(first);
}

bool AesGcmPacketCipher::open(std::uint32_t, MutableBytes packet) {
    if (packet.size() < packet_length_size + Aes256Gcm::tag_size) return false;
    const MutableBytes sealed = packet.first(packet.size() - Aes256Gcm::tag_size);
    if (!aes_gcm_->open(iv_, sealed.first(packet_length_size), sealed.subspan(packet_length_size),
                        packet.last<Aes256Gcm::tag_size>())) {
        return false;
    }
    count_invocation();
    return true;
}

void AesGcmPacketCipher::count_invocation() noexcept {
    // RFC 5647 7.1: 4 fixed bytes, then the invocation counter, which wraps by itself.
    const auto counter = std::span{iv_}.last<8>();
    store_big_endian(counter, load_big_endian<std::uint64_t>(counter) + 1);
}

}  // namespace culvert
