#pragma once

#include <cstdint>
#include <optional>

#include "common/transport/exchange_round_trip.hpp"
#include "common/transport/extension_negotiation.hpp"
#include "common/transport/key_exchange.hpp"
#include "common/transport/packet_reader.hpp"
#include "common/transport/packet_sender.hpp"
#include "common/transport/rekey_policy.hpp"
#include "common/transport/strict_key_exchange.hpp"
#include "common/transport/transport_config.hpp"
#include "common/transport/transport_events.hpp"
#include "common/transport/version_exchange.hpp"

namespace culvert {

/// The key exchanges of one connection (RFC 4253 7 to 9), the first and those that replace its
/// keys: what may come when, what is sent, and from which packet on keys and compression are in
/// use. KeyExchange computes one of them.
class KeyExchanges {
public:
    /// All must outlive it.
    KeyExchanges(const TransportConfig& config, Random& random, const VersionExchange& versions,
                 PacketReader& reader, PacketSender& sender, ExtensionNegotiation& extensions);

    /// The first: our KEXINIT, and a client's guess, go out before the peer's come in.
    void begin_first(TimePoint now) { begin(Exchange::first, now); }
    /// A packet of a number that is_of_key_exchange(). Throws ProtocolError.
    std::optional<TransportEvent> on_packet(const PacketOpener::Opened& packet, TimePoint now);

    // ---- answers to events
    void accept_host_key();
    void provide_host_signature(Bytes signature_blob, TimePoint now);
    /// Nothing is read until it has answered.
    bool awaits_owner() const noexcept {
        return state_ == State::host_key_decision || state_ == State::host_signature;
    }
    bool awaits_host_signature() const noexcept { return state_ == State::host_signature; }
    /// A client's guess was wrong, and the message that it sent after that has no answer yet. Some
    /// servers don't skip a wrong guess but take it for that message.
    bool awaits_answer_after_wrong_guess() const noexcept {
        return state_ == State::kex_message && exchange_->guesses() &&
               !exchange_->guess_was_right();
    }

    // ---- after the first
    /// Keys may be replaced from here on, and delayed compression begins (OpenSSH PROTOCOL 1.2).
    void on_authenticated(TimePoint now);
    bool authenticated() const noexcept { return authenticated_; }
    void start_rekey(TimePoint now);
    void rekey_if_due(TimePoint now);
    std::optional<TimePoint> next_deadline() const;
    void on_time(TimePoint now);

    /// The peer isn't in the middle of one: it may send whatever it likes.
    bool is_open() const noexcept { return state_ == State::open; }
    /// The keys for what we send are in use.
    bool keys_sent() const noexcept { return session_id_ && sender_.is_open(); }
    const SessionId& session_id() const { return *session_id_; }
    const Negotiated& negotiated() const noexcept { return negotiated_; }
    const StrictKeyExchange& strict() const noexcept { return strict_; }
    std::optional<Duration> round_trip() const noexcept { return round_trip_.last(); }

private:
    /// What the peer may send next.
    enum class State {
        first_kexinit,
        kex_message,
        host_key_decision,  ///< a client's owner decides
        host_signature,     ///< a server's owner provides it
        new_keys,
        open,
    };

    void begin(Exchange which, TimePoint now);
    void on_kexinit(Bytes payload, TimePoint now);
    void on_first_kexinit();
    HostSignatureWanted on_client_init(Bytes payload);
    std::optional<TransportEvent> on_server_reply(Bytes payload, TimePoint now);
    std::optional<TransportEvent> on_new_keys(Bytes payload, TimePoint now);
    void send_new_keys();
    void renew_compression(Role sender);

    const TransportConfig& config_;
    Random& random_;
    const VersionExchange& versions_;
    PacketReader& reader_;
    PacketSender& sender_;
    ExtensionNegotiation& extensions_;

    State state_ = State::first_kexinit;
    std::optional<KeyExchange> exchange_;  ///< the one going on
    Negotiated negotiated_;
    std::optional<SessionId> session_id_;
    std::optional<PublicKey> host_key_;  ///< the server's, as the client saw it first
    StrictKeyExchange strict_;
    RekeyPolicy rekey_;
    ExchangeRoundTrip round_trip_;
    bool authenticated_ = false;
};

}  // namespace culvert
