#include "common/transport/key_exchanges.hpp"

#include <cassert>
#include <utility>

#include "common/transport/unexpected_message.hpp"
#include "common/wire/transport_messages.hpp"

namespace culvert {

KeyExchanges::KeyExchanges(const TransportConfig& config, Random& random,
                           const VersionExchange& versions, PacketReader& reader,
                           PacketSender& sender, ExtensionNegotiation& extensions)
    : config_{config},
      random_{random},
      versions_{versions},
      reader_{reader},
      sender_{sender},
      extensions_{extensions},
      rekey_{config.rekey} {}

void KeyExchanges::begin(Exchange which, TimePoint now) {
    exchange_.emplace(config_.role, config_.algorithms, which, random_);
    rekey_.on_exchange_begun(now);
    round_trip_.on_asked(now);
    sender_.begin_exchange(exchange_->kexinit());
    if (exchange_->guesses()) sender_.send(exchange_->client_init());
}

std::optional<TransportEvent> KeyExchanges::on_packet(const PacketOpener::Opened& packet,
                                                      TimePoint now) {
    const Bytes payload = packet.payload;
    const std::uint8_t number = message_number(payload);
    if (number == msg::KexInit::number) {
        on_kexinit(payload, now);
        return std::nullopt;
    }
    if (state_ == State::kex_message && number > msg::NewKeys::number &&
        exchange_->skips_next_packet()) {
        return std::nullopt;  // the peer guessed another algorithm
    }
    const bool is_server = config_.role == Role::server;
    if (number == msg::NewKeys::number && state_ == State::new_keys) {
        return on_new_keys(payload, now);
    } else if (number == msg::KexEcdhInit::number && is_server && state_ == State::kex_message) {
        return on_client_init(payload);
    } else if (number == msg::KexEcdhReply::number && !is_server && state_ == State::kex_message) {
        return on_server_reply(payload, now);
    } else if (number == msg::NewKeys::number || number == msg::KexEcdhInit::number ||
               number == msg::KexEcdhReply::number || state_ != State::open) {
        throw unexpected_message(number, "in a state of the key exchange that doesn't allow it");
    }
    sender_.send(encoded(msg::Unimplemented{packet.sequence_number.value()}));
    return std::nullopt;
}

void KeyExchanges::on_kexinit(Bytes payload, TimePoint now) {
    const bool first = state_ == State::first_kexinit;
    if (!first && state_ != State::open) {
        throw unexpected_message(msg::KexInit::number, "while a key exchange is going on");
    }
    if (!first && !authenticated_) {
        throw unexpected_message(msg::KexInit::number, "again, before authentication");
    }
    if (!exchange_) begin(Exchange::rekey, now);
    exchange_->on_kexinit(payload);
    negotiated_ = exchange_->negotiated();
    if (first) on_first_kexinit();
    const bool init_is_out = exchange_->guesses() && exchange_->guess_was_right();
    if (config_.role == Role::client && !init_is_out) {
        sender_.send(exchange_->client_init());
        round_trip_.on_asked(now);
    }
    // Last: where the negotiation fails, no answer is awaited, and a client doesn't try again.
    state_ = State::kex_message;
}

void KeyExchanges::on_first_kexinit() {
    const msg::KexInit& peer = exchange_->peer_lists();
    extensions_.on_first_kexinit(peer);
    strict_.on_first_kexinit({.us = config_.role,
                              .peer_version = *versions_.peer(),
                              .peer = peer,
                              .ours = config_.algorithms,
                              .negotiated = negotiated_,
                              .strict_is_required = config_.require_strict_kex},
                             reader_.opener().key_use().packets);
}

HostSignatureWanted KeyExchanges::on_client_init(Bytes payload) {
    exchange_->on_client_init(payload, versions_.both(), *config_.host_key);
    state_ = State::host_signature;
    const Bytes hash = exchange_->hash();
    return {negotiated_.host_key, {hash.begin(), hash.end()}};
}

void KeyExchanges::provide_host_signature(Bytes signature_blob, TimePoint now) {
    assert(state_ == State::host_signature);
    sender_.send(exchange_->server_reply(*config_.host_key, signature_blob));
    round_trip_.on_asked(now);
    state_ = State::new_keys;
    send_new_keys();
}

std::optional<TransportEvent> KeyExchanges::on_server_reply(Bytes payload, TimePoint now) {
    round_trip_.on_answered(now);
    PublicKey key = exchange_->on_server_reply(payload, versions_.both());
    state_ = State::host_key_decision;
    if (!host_key_) {
        host_key_ = key;
        return HostKeyOffered{std::move(key)};
    }
    if (key != *host_key_) {
        throw ProtocolError{"the server's host key changed within the connection",
                            DisconnectReason::host_key_not_verifiable};
    }
    accept_host_key();
    return std::nullopt;
}

void KeyExchanges::accept_host_key() {
    assert(state_ == State::host_key_decision);
    state_ = State::new_keys;
    send_new_keys();
}

void KeyExchanges::send_new_keys() {
    const bool first = !session_id_;
    if (first) session_id_ = exchange_->hash();
    sender_.send(encoded(msg::NewKeys{}));
    PacketSealer& sealer = sender_.writer().sealer();
    sealer.use(exchange_->make_cipher(config_.role, *session_id_));
    if (strict_.agreed()) sealer.reset_sequence_number();
    if (authenticated_) renew_compression(config_.role);
    const auto ext_info = first ? extensions_.to_send() : std::nullopt;
    if (ext_info) sender_.send(*ext_info);
    sender_.end_exchange();
}

std::optional<TransportEvent> KeyExchanges::on_new_keys(Bytes payload, TimePoint now) {
    decode<msg::NewKeys>(payload);
    if (config_.role == Role::server) round_trip_.on_answered(now);
    PacketOpener& opener = reader_.opener();
    opener.use(exchange_->make_cipher(peer_of(config_.role), *session_id_));
    if (strict_.agreed()) opener.reset_sequence_number();
    if (authenticated_) renew_compression(peer_of(config_.role));
    exchange_.reset();
    rekey_.on_keys(now);
    state_ = State::open;
    if (!strict_.on_new_keys()) return Rekeyed{};
    extensions_.on_first_new_keys();
    return std::nullopt;
}

void KeyExchanges::on_authenticated(TimePoint now) {
    authenticated_ = true;
    rekey_.on_keys(now);
    renew_compression(config_.role);
    renew_compression(peer_of(config_.role));
}

/// Each stream of it begins anew (RFC 4253 6.2).
void KeyExchanges::renew_compression(Role sender) {
    const std::string& method = sender == Role::client ? negotiated_.compression_client_to_server
                                                       : negotiated_.compression_server_to_client;
    if (sender == config_.role) {
        sender_.writer().compress_with(make_compressor(method));
    } else {
        reader_.decompress_with(make_decompressor(method));
    }
}

// ---------------------------------------------------------------------- new keys in time

void KeyExchanges::start_rekey(TimePoint now) {
    if (authenticated_ && !exchange_) begin(Exchange::rekey, now);
}

void KeyExchanges::rekey_if_due(TimePoint now) {
    if (authenticated_ &&
        rekey_.is_due(sender_.writer().sealer().key_use(), reader_.opener().key_use(), now)) {
        begin(Exchange::rekey, now);
    }
}

std::optional<TimePoint> KeyExchanges::next_deadline() const {
    if (!authenticated_) return std::nullopt;  // the login grace time is the engine's
    return rekey_.next_deadline();
}

void KeyExchanges::on_time(TimePoint now) {
    if (!authenticated_) return;
    if (rekey_.is_overdue(now)) {
        if (awaits_host_signature()) {
            throw Error{ErrorKind::internal,
                        "the host key's signature for a key exchange didn't come within 120 s"};
        }
        throw ProtocolError{"the peer didn't finish a key exchange within 120 s",
                            DisconnectReason::key_exchange_failed};
    }
    rekey_if_due(now);
}

}  // namespace culvert
