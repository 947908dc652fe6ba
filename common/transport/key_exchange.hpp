#pragma once

#include <memory>
#include <optional>
#include <utility>

#include "common/crypto/packet_cipher.hpp"
#include "common/kex/exchange_hash.hpp"
#include "common/kex/kex_method.hpp"
#include "common/keys/public_key.hpp"
#include "common/transport/proposal.hpp"
#include "common/transport/version_exchange.hpp"

namespace culvert {

/// One key exchange, from the KEXINITs to the keys (RFC 4253 7 and 8). It only computes:
/// what may be sent and received when is for KeyExchanges to know.
class KeyExchange {
public:
    KeyExchange(Role us, const Algorithms& ours, Exchange which, Random& random);

    /// Our KEXINIT. In a client's first exchange it may announce that client_init() follows as a
    /// guess, which saves a round trip where the server's first choices are ours (RFC 4253 7.1).
    Bytes kexinit() const noexcept { return our_kexinit_; }
    bool guesses() const noexcept { return our_lists_.first_kex_packet_follows; }

    /// Throws ProtocolError if the two sides have no algorithms in common.
    void on_kexinit(Bytes payload);
    bool peer_began() const noexcept { return !peer_kexinit_.empty(); }
    const msg::KexInit& peer_lists() const noexcept { return peer_lists_; }
    const Negotiated& negotiated() const noexcept { return negotiated_; }
    bool guess_was_right() const;
    /// True once, if the peer's next packet is a guess that was wrong: it must be skipped.
    bool skips_next_packet() noexcept { return std::exchange(skips_next_packet_, false); }

    /// SSH_MSG_KEX_ECDH_INIT of a client, by our first method until the peer's KEXINIT is there.
    ByteVector client_init() const { return encoded(msg::KexEcdhInit{method_->client_init()}); }
    /// A server receives it. The hash is then to be signed by its host key, whose private half may
    /// be elsewhere. Throws ProtocolError for a bad key.
    void on_client_init(Bytes payload, const Versions& versions, const PublicKey& host_key);
    /// SSH_MSG_KEX_ECDH_REPLY, with the signature blob of the hash by that host key.
    ByteVector server_reply(const PublicKey& host_key, Bytes signature_blob) const;
    /// The host key with which the server signed this exchange. Throws ProtocolError if its reply
    /// is bad, or isn't signed by that key.
    PublicKey on_server_reply(Bytes payload, const Versions& versions);

    /// From here on there are a secret and a hash.
    bool computed() const noexcept { return hash_.has_value(); }
    const ExchangeHash& hash() const { return *hash_; }
    std::unique_ptr<PacketCipher> make_cipher(Role sender, const SessionId& session_id) const;

private:
    Role us_;
    ByteVector our_kexinit_;
    msg::KexInit our_lists_;
    ByteVector peer_kexinit_;
    msg::KexInit peer_lists_;
    Negotiated negotiated_;
    bool skips_next_packet_ = false;
    Random& random_;
    std::unique_ptr<KexMethod> method_;  ///< a client's first one, then the negotiated one
    ByteVector server_public_key_;       ///< a server's, for its reply
    std::optional<KexSecret> secret_;
    std::optional<ExchangeHash> hash_;
};

}  // namespace culvert
