#include "common/transport/key_exchange.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <tuple>

#include "common/crypto/aes_gcm_packet_cipher.hpp"
#include "common/crypto/chacha20_poly1305_packet_cipher.hpp"
#include "common/kex/kex_failed.hpp"
#include "common/kex/key_derivation.hpp"

namespace culvert {
namespace {

template <std::size_t N>
std::array<std::byte, N> derived(char letter, const KeySource& source) {
    std::array<std::byte, N> bytes;
    derive_key(bytes, letter, source);
    return bytes;
}

/// The first of the list that we can do.
std::unique_ptr<KexMethod> first_method(const NameList& names, Random& random) {
    for (const std::string& name : names) {
        if (auto method = make_kex_method(name, random)) return method;
    }
    return nullptr;
}

}  // namespace

KeyExchange::KeyExchange(Role us, const Algorithms& ours, Exchange which, Random& random)
    : us_{us}, our_lists_{make_kexinit(ours, us, which)}, random_{random} {
    random.fill(our_lists_.cookie);
    our_lists_.first_kex_packet_follows =
        us == Role::client && which == Exchange::first && ours.guess;
    our_kexinit_ = encoded(our_lists_);
    if (us == Role::client) method_ = first_method(ours.kex, random);
}

void KeyExchange::on_kexinit(Bytes payload) {
    peer_lists_ = decode<msg::KexInit>(payload);
    peer_kexinit_.assign(payload.begin(), payload.end());
    const auto& [client, server] =
        us_ == Role::client ? std::tie(our_lists_, peer_lists_) : std::tie(peer_lists_, our_lists_);
    negotiated_ = negotiate(client, server, us_);
    skips_next_packet_ = peer_lists_.first_kex_packet_follows && !guess_is_right(client, server);
    // A guess that was wrong has shown its key, which isn't used again.
    const bool has_method = method_ && negotiated_.kex == our_lists_.kex_algorithms.front();
    const bool was_shown_in_vain = guesses() && !guess_was_right();
    if (!has_method || was_shown_in_vain) method_ = make_kex_method(negotiated_.kex, random_);
    assert(method_);
}

bool KeyExchange::guess_was_right() const { return guess_is_right(our_lists_, peer_lists_); }

void KeyExchange::on_client_init(Bytes payload, const Versions& versions,
                                 const PublicKey& host_key) {
    const auto init = decode<msg::KexEcdhInit>(payload);
    auto [reply, secret] = method_->on_client_init(init.client_public_key);
    server_public_key_ = std::move(reply);
    secret_.emplace(std::move(secret));
    hash_ = exchange_hash(method_->hash(),
                          {.client_version = versions.client,
                           .server_version = versions.server,
                           .client_kexinit = peer_kexinit_,
                           .server_kexinit = our_kexinit_,
                           .host_key = host_key.blob(),
                           .client_init = init.client_public_key,
                           .server_reply = server_public_key_},
                          *secret_);
}

ByteVector KeyExchange::server_reply(const PublicKey& host_key, Bytes signature_blob) const {
    assert(computed());
    return encoded(msg::KexEcdhReply{host_key.blob(), server_public_key_, signature_blob});
}

PublicKey KeyExchange::on_server_reply(Bytes payload, const Versions& versions) {
    const auto reply = decode<msg::KexEcdhReply>(payload);
    PublicKey host_key = PublicKey::from_blob(reply.host_key);
    if (host_key.algorithm() != negotiated_.host_key) {
        throw kex_failed("the server's host key isn't of the type that was negotiated");
    }
    secret_.emplace(method_->on_server_reply(reply.server_public_key));
    hash_ = exchange_hash(method_->hash(),
                          {.client_version = versions.client,
                           .server_version = versions.server,
                           .client_kexinit = our_kexinit_,
                           .server_kexinit = peer_kexinit_,
                           .host_key = reply.host_key,
                           .client_init = method_->client_init(),
                           .server_reply = reply.server_public_key},
                          *secret_);
    if (!verify(host_key, negotiated_.host_key, *hash_, reply.signature)) {
        throw kex_failed("the server's host key signature is wrong");
    }
    return host_key;
}

std::unique_ptr<PacketCipher> KeyExchange::make_cipher(Role sender,
                                                       const SessionId& session_id) const {
    assert(computed());
    const std::string& name = sender == Role::client ? negotiated_.cipher_client_to_server
                                                     : negotiated_.cipher_server_to_client;
    const KeyLetters letters = key_letters(sender);
    const KeySource source{method_->hash(), *secret_, *hash_, session_id};
    if (name == chacha20_poly1305) {
        auto key = derived<64>(letters.key, source);
        return std::make_unique<ChaCha20Poly1305PacketCipher>(ChaCha20Poly1305Key{std::span{key}});
    }
    assert(name == aes256_gcm);
    auto key = derived<32>(letters.key, source);
    const auto iv = derived<12>(letters.iv, source);
    return std::make_unique<AesGcmPacketCipher>(fastest_of(available_aes_gcm_backends()),
                                                CipherKey{std::span{key}}, iv);
}

}  // namespace culvert
