#include "common/crypto/chacha20_poly1305_packet_cipher.hpp"

#include <sodium.h>

#include <array>
#include <cassert>

#include "common/base/big_endian.hpp"

namespace culvert {
namespace {

using Nonce = ChaCha20Poly1305Backend::Nonce;
using OneTimeKey = Secret<struct OneTimeKeyTag, crypto_onetimeauth_poly1305_KEYBYTES>;

Nonce nonce_of(std::uint32_t sequence_number) {
    Nonce nonce;
    store_big_endian<std::uint64_t>(nonce, sequence_number);
    return nonce;
}

/// What the length is encrypted with: the beginning of the other key's block 0.
void apply_to_length(std::span<const std::byte, 32> key, const Nonce& nonce, MutableBytes length) {
    crypto_stream_chacha20_xor(uchar(length), uchar(length), length.size(), uchar(Bytes{nonce}),
                               uchar(key));
}

OneTimeKey poly1305_key(std::span<const std::byte, 32> key, const Nonce& nonce) {
    std::array<std::byte, OneTimeKey::size> bytes;
    crypto_stream_chacha20(uchar(MutableBytes{bytes}), bytes.size(), uchar(Bytes{nonce}),
                           uchar(key));
    return OneTimeKey{std::span{bytes}};
}

}  // namespace

void ChaCha20Poly1305PacketCipher::seal(std::uint32_t sequence_number, MutableBytes packet) {
    assert(packet.size() >= packet_length_size + poly1305_tag_size);
    const MutableBytes sealed = packet.first(packet.size() - poly1305_tag_size);
    const Nonce nonce = nonce_of(sequence_number);
    apply_to_length(length_key(), nonce, sealed.first(packet_length_size));
    backend_.apply_to_body(body_key(), nonce, sealed.subspan(packet_length_size));
    backend_.authenticate(poly1305_key(body_key(), nonce).reveal(), sealed,
                          packet.last<poly1305_tag_size>());
}

std::uint32_t ChaCha20Poly1305PacketCipher::read_length(std::uint32_t sequence_number,
                                                        std::span<const std::byte, 4> first) const {
    std::array<std::byte, 4> length;
    std::ranges::copy(first, length.begin());
    apply_to_length(length_key(), nonce_of(sequence_number), length);
    return load_big_endian<std::uint32_t>(length);
}

bool ChaCha20Poly1305PacketCipher::open(std::uint32_t sequence_number, MutableBytes packet) {
    if (packet.size() < packet_length_size + poly1305_tag_size) return false;
    const MutableBytes sealed = packet.first(packet.size() - poly1305_tag_size);
    const Nonce nonce = nonce_of(sequence_number);
    std::array<std::byte, poly1305_tag_size> computed;
    backend_.authenticate(poly1305_key(body_key(), nonce).reveal(), sealed, computed);
    const bool genuine = sodium_memcmp(computed.data(), packet.last(poly1305_tag_size).data(),
                                       poly1305_tag_size) == 0;
    // The right tag of a forged packet would let its sender forge it.
    sodium_memzero(computed.data(), computed.size());
    if (!genuine) return false;
    backend_.apply_to_body(body_key(), nonce, sealed.subspan(packet_length_size));
    return true;
}

}  // namespace culvert
