#include "common/crypto/chacha20_poly1305_packet_cipher.hpp"

#include <sodium.h>

#include <array>
#include <cassert>

#include "common/base/big_endian.hpp"

namespace culvert {
namespace {

using Nonce = std::array<std::byte, crypto_stream_chacha20_NONCEBYTES>;
using OneTimeKey = Secret<struct OneTimeKeyTag, crypto_onetimeauth_poly1305_KEYBYTES>;

constexpr std::uint64_t first_body_block = 1;  // block 0 gives the Poly1305 key

Nonce nonce_of(std::uint32_t sequence_number) {
    Nonce nonce;
    store_big_endian<std::uint64_t>(nonce, sequence_number);
    return nonce;
}

void apply_key_stream(std::span<const std::byte, 32> key, const Nonce& nonce,
                      std::uint64_t first_block, MutableBytes text) {
    crypto_stream_chacha20_xor_ic(uchar(text), uchar(text), text.size(), uchar(nonce), first_block,
                                  uchar(key));
}

OneTimeKey poly1305_key(std::span<const std::byte, 32> key, const Nonce& nonce) {
    std::array<std::byte, OneTimeKey::size> bytes;
    crypto_stream_chacha20(uchar(MutableBytes{bytes}), bytes.size(), uchar(nonce), uchar(key));
    return OneTimeKey{std::span{bytes}};
}

}  // namespace

void ChaCha20Poly1305PacketCipher::seal(std::uint32_t sequence_number, MutableBytes packet) {
    assert(packet.size() >= packet_length_size + poly1305_tag_size);
    const MutableBytes sealed = packet.first(packet.size() - poly1305_tag_size);
    const Nonce nonce = nonce_of(sequence_number);
    apply_key_stream(length_key(), nonce, 0, sealed.first(packet_length_size));
    apply_key_stream(body_key(), nonce, first_body_block, sealed.subspan(packet_length_size));
    crypto_onetimeauth_poly1305(uchar(packet.last(poly1305_tag_size)), uchar(sealed), sealed.size(),
                                uchar(poly1305_key(body_key(), nonce).reveal()));
}

std::uint32_t ChaCha20Poly1305PacketCipher::read_length(std::uint32_t sequence_number,
                                                        std::span<const std::byte, 4> first) const {
    std::array<std::byte, 4> length;
    std::ranges::copy(first, length.begin());
    apply_key_stream(length_key(), nonce_of(sequence_number), 0, length);
    return load_big_endian<std::uint32_t>(length);
}

bool ChaCha20Poly1305PacketCipher::open(std::uint32_t sequence_number, MutableBytes packet) {
    if (packet.size() < packet_length_size + poly1305_tag_size) return false;
    const MutableBytes sealed = packet.first(packet.size() - poly1305_tag_size);
    const Nonce nonce = nonce_of(sequence_number);
    const int forged = crypto_onetimeauth_poly1305_verify(
        uchar(packet.last(poly1305_tag_size)), uchar(sealed), sealed.size(),
        uchar(poly1305_key(body_key(), nonce).reveal()));
    if (forged != 0) return false;
    apply_key_stream(body_key(), nonce, first_body_block, sealed.subspan(packet_length_size));
    return true;
}

}  // namespace culvert
