#include "common/transport/transport.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

#include <fmt/format.h>

#include "common/transport/terrapin.hpp"
#include "common/wire/protocol_error.hpp"
#include "common/wire/transport_messages.hpp"

namespace culvert {
namespace {

// RFC 4250 4.1.1: 1 to 19 are generic, 20 to 29 negotiate, 30 to 49 belong to the method.
constexpr std::uint8_t last_generic = 19;
constexpr std::uint8_t first_upper = 50;
constexpr std::uint8_t first_of_connection = 80;
constexpr std::uint8_t last_upper = 191;
// RFC 8308 2.4: after the first NEWKEYS, and a server once more before USERAUTH_SUCCESS.
constexpr unsigned most_ext_infos_of_a_server = 2;

// SERVICE_REQUEST and SERVICE_ACCEPT are the two generic messages that RFC 4253 7.1 forbids
// between KEXINIT and NEWKEYS.
constexpr bool waits_for_key_exchange(std::uint8_t number) {
    return number >= first_upper || number == msg::ServiceRequest::number ||
           number == msg::ServiceAccept::number;
}

ProtocolError unexpected(std::uint8_t number, std::string_view where) {
    return ProtocolError{fmt::format("message {} {}", number, where)};
}

}  // namespace

Transport::Transport(TransportConfig config, Random& random)
    : config_{std::move(config)}, random_{random}, version_reader_{config_.role} {}

Role Transport::peer() const noexcept {
    return config_.role == Role::client ? Role::server : Role::client;
}

Versions Transport::versions() const {
    return config_.role == Role::client ? Versions{our_version, *peer_version_}
                                        : Versions{*peer_version_, our_version};
}

void Transport::start(TimePoint now) {
    const Bytes version = bytes_of(our_version);
    const MutableBytes line = output().space(version.size() + 2);
    std::ranges::copy(version, line.begin());
    line[version.size()] = std::byte{'\r'};
    line[version.size() + 1] = std::byte{'\n'};
    output().commit(line.size());
    begin_exchange(Exchange::first, now);
}

std::optional<TransportEvent> Transport::poll(TimePoint now) {
    if (receiving_ == Receiving::version) {
        peer_version_ = version_reader_.read(input());
        if (!peer_version_) return std::nullopt;
        receiving_ = Receiving::first_kexinit;
    }
    while (is_reading()) {
        if (turn_left_ == 0) {
            turn_left_ = turn;
            return YieldDue{};
        }
        const auto packet = reader_.read();
        if (!packet) return std::nullopt;
        count_work(*packet);
        const bool followed = std::exchange(follows_first_new_keys_, false);
        if (!packet->payload.empty() && message_number(packet->payload) == msg::ExtInfo::number &&
            followed) {
            on_ext_info(packet->payload);
            continue;
        }
        if (auto event = on_packet(*packet, now)) return event;
    }
    return std::nullopt;
}

void Transport::count_work(const Packet& packet) noexcept {
    turn_left_ -= std::min(packet.payload.size() + work_of_a_message, turn_left_);
}

void Transport::refuse_in_strict_exchange(std::uint8_t number) const {
    if (strict_kex_ && !has_received_keys_) {
        throw unexpected(number, "in the first key exchange, which is strict");
    }
}

std::optional<TransportEvent> Transport::on_packet(const Packet& packet, TimePoint now) {
    const std::uint8_t number = message_number(packet.payload);
    switch (number) {
        case msg::Disconnect::number: {
            // What it has to say counts, also without the language, which some leave out.
            Reader in{packet.payload};
            in.expect_number(number);
            const std::uint32_t reason = in.uint32();
            const std::string_view description = in.text();
            receiving_ = Receiving::ended;
            return PeerDisconnected{reason, std::string{description}};
        }
        case msg::Ignore::number:
            refuse_in_strict_exchange(number);
            decode<msg::Ignore>(packet.payload);
            return std::nullopt;
        case msg::Unimplemented::number:
            refuse_in_strict_exchange(number);
            decode<msg::Unimplemented>(packet.payload);
            return std::nullopt;
        case msg::Debug::number:
            refuse_in_strict_exchange(number);
            decode<msg::Debug>(packet.payload);
            return std::nullopt;
        case msg::ExtInfo::number:
            on_late_ext_info(packet.payload);
            return std::nullopt;
        case msg::Ping::number:
            on_ping(packet.payload);
            return std::nullopt;
        case msg::Pong::number:
            refuse_in_strict_exchange(number);
            return PongReceived{decode<msg::Pong>(packet.payload).data};
        default:
            break;
    }
    if (number > last_generic && number < first_upper) {
        return on_kex_packet(number, packet, now);
    }
    if (waits_for_key_exchange(number) && number <= last_upper) return on_upper_packet(packet);
    refuse_in_strict_exchange(number);
    send_unimplemented(packet.sequence_number);
    return std::nullopt;
}

std::optional<TransportEvent> Transport::on_upper_packet(const Packet& packet) {
    if (receiving_ != Receiving::open) {
        // RFC 4253 7.1 forbids those of the connection protocol, too, but AsyncSSH sends them. The
        // keys that hold protect them, and strict KEX is about the first exchange alone.
        const std::uint8_t number = message_number(packet.payload);
        if (!authenticated_ || number < first_of_connection) {
            throw unexpected(number, "before the key exchange has ended");
        }
        irregularities_.note(Irregularity::message_during_rekey);
    }
    if (refusal_) throw *refusal_;
    return PacketReceived{packet.payload, packet.sequence_number};
}

std::optional<TransportEvent> Transport::on_kex_packet(std::uint8_t number, const Packet& packet,
                                                       TimePoint now) {
    const Bytes payload = packet.payload;
    if (number == msg::KexInit::number) {
        on_kexinit(payload, now);
        return std::nullopt;
    }
    if (receiving_ == Receiving::kex_message && number > msg::NewKeys::number &&
        exchange_->skips_next_packet()) {
        return std::nullopt;  // the peer guessed another algorithm
    }
    const bool is_server = config_.role == Role::server;
    if (number == msg::NewKeys::number && receiving_ == Receiving::new_keys) {
        decode<msg::NewKeys>(payload);
        return on_new_keys(now);
    } else if (number == msg::KexEcdhInit::number && is_server &&
               receiving_ == Receiving::kex_message) {
        return on_client_init(payload);
    } else if (number == msg::KexEcdhReply::number && !is_server &&
               receiving_ == Receiving::kex_message) {
        return on_server_reply(payload, now);
    } else if (number == msg::NewKeys::number || number == msg::KexEcdhInit::number ||
               number == msg::KexEcdhReply::number || receiving_ != Receiving::open) {
        throw unexpected(number, "in a state of the key exchange that doesn't allow it");
    } else {
        send_unimplemented(packet.sequence_number);
    }
    return std::nullopt;
}

// ---------------------------------------------------------------------- key exchange

void Transport::begin_exchange(Exchange which, TimePoint now) {
    exchange_.emplace(config_.role, config_.algorithms, which, random_);
    exchange_began_ = exchange_asked_ = now;
    sending_ = Sending::key_exchange;
    writer_.write(exchange_->kexinit());
    if (exchange_->guesses()) writer_.write(exchange_->client_init());
}

void Transport::on_kexinit(Bytes payload, TimePoint now) {
    const bool first = receiving_ == Receiving::first_kexinit;
    if (!first && receiving_ != Receiving::open) {
        throw unexpected(msg::KexInit::number, "while a key exchange is going on");
    }
    if (!first && !authenticated_) {
        throw unexpected(msg::KexInit::number, "again, before authentication");
    }
    if (!exchange_) begin_exchange(Exchange::rekey, now);
    receiving_ = Receiving::kex_message;
    exchange_->on_kexinit(payload);
    if (has_irregular_lists(payload)) irregularities_.note(Irregularity::irregular_name_list);
    negotiated_ = exchange_->negotiated();
    if (first) on_first_kexinit();
    const bool init_is_out = exchange_->guesses() && exchange_->guess_was_right();
    if (config_.role == Role::client && !init_is_out) {
        writer_.write(exchange_->client_init());
        exchange_asked_ = now;
    }
}

void Transport::on_first_kexinit() {
    strict_kex_ = asks_strict_kex(exchange_->peer_lists(), config_.role);
    peer_takes_ext_info_ = asks_ext_info(exchange_->peer_lists(), config_.role);
    // The packets are counted: sequence numbers come round to 0.
    if (strict_kex_ && reader_.opener().key_use().packets != 1) {
        throw unexpected(msg::KexInit::number, "not as the first packet, in a strict key exchange");
    }
    if (strict_kex_) return;
    refusal_ =
        refusal_without_strict_kex({config_.role, *peer_version_, exchange_->peer_lists(),
                                    config_.algorithms, negotiated_, config_.require_strict_kex});
    // A client that looks for host keys alone, as ssh-keyscan, risks nothing and asks for no
    // service.
    if (refusal_ && config_.role == Role::client) throw *refusal_;
}

HostSignatureWanted Transport::on_client_init(Bytes payload) {
    exchange_->on_client_init(payload, versions(), *config_.host_key);
    receiving_ = Receiving::host_signature;
    const Bytes hash = exchange_->hash();
    return {negotiated_.host_key, {hash.begin(), hash.end()}};
}

void Transport::provide_host_signature(Bytes signature_blob, TimePoint now) {
    assert(receiving_ == Receiving::host_signature);
    exchange_asked_ = now;
    writer_.write(exchange_->server_reply(*config_.host_key, signature_blob));
    receiving_ = Receiving::new_keys;
    send_new_keys();
}

/// Not where a user may have been asked in between.
void Transport::on_exchange_answered(TimePoint now) {
    constexpr Duration longest = std::chrono::seconds{3};
    const Duration took = now - exchange_asked_;
    exchange_round_trip_.reset();
    if (took < longest) exchange_round_trip_ = took;
}

std::optional<TransportEvent> Transport::on_server_reply(Bytes payload, TimePoint now) {
    on_exchange_answered(now);
    PublicKey key = exchange_->on_server_reply(payload, versions());
    if (host_key_) {
        if (key != *host_key_) {
            throw ProtocolError{"the server's host key changed within the connection",
                                DisconnectReason::host_key_not_verifiable};
        }
        accept_host_key();
        return std::nullopt;
    }
    receiving_ = Receiving::host_key_decision;
    host_key_ = key;
    return HostKeyOffered{std::move(key)};
}

void Transport::accept_host_key() {
    assert(exchange_ && exchange_->computed());
    receiving_ = Receiving::new_keys;
    send_new_keys();
}

void Transport::send_new_keys() {
    const bool first = !session_id_;
    if (first) session_id_ = exchange_->hash();
    writer_.write(encoded(msg::NewKeys{}));
    writer_.sealer().use(exchange_->make_cipher(config_.role, *session_id_));
    if (strict_kex_) writer_.sealer().reset_sequence_number();
    if (authenticated_) renew_compression(config_.role);
    // RFC 8308 2.4: directly after the first NEWKEYS.
    if (first && peer_takes_ext_info_) writer_.write(encode_ext_info(config_.extensions));

    sending_ = Sending::open;
    for (const ByteVector& payload : held_) writer_.write(payload);
    held_.clear();
    held_bytes_ = 0;
}

std::optional<TransportEvent> Transport::on_new_keys(TimePoint now) {
    if (config_.role == Role::server) on_exchange_answered(now);
    reader_.opener().use(exchange_->make_cipher(peer(), *session_id_));
    if (strict_kex_) reader_.opener().reset_sequence_number();
    if (authenticated_) renew_compression(peer());
    follows_first_new_keys_ = !std::exchange(has_received_keys_, true);
    receiving_ = Receiving::open;
    keys_since_ = now;
    exchange_.reset();
    if (follows_first_new_keys_) return std::nullopt;
    return Rekeyed{};
}

void Transport::start_rekey(TimePoint now) {
    if (authenticated_ && !exchange_) begin_exchange(Exchange::rekey, now);
}

void Transport::rekey_if_due(TimePoint now) {
    if (authenticated_ && !exchange_ &&
        rekey_is_due(config_.rekey, writer_.sealer().key_use(), reader_.opener().key_use(),
                     now - keys_since_)) {
        begin_exchange(Exchange::rekey, now);
    }
}

std::optional<TimePoint> Transport::next_deadline() const {
    if (!authenticated_) return std::nullopt;  // the login grace time is the engine's
    if (exchange_) return exchange_began_ + rekey_time_limit;
    if (config_.rekey.time == Duration::zero()) return std::nullopt;
    return keys_since_ + config_.rekey.time;
}

void Transport::on_time(TimePoint now) {
    if (!authenticated_) return;
    if (exchange_ && now >= exchange_began_ + rekey_time_limit) {
        if (awaits_host_signature()) {
            throw Error{ErrorKind::internal,
                        "the host key's signature for a key exchange didn't come within 120 s"};
        }
        throw ProtocolError{"the peer didn't finish a key exchange within 120 s",
                            DisconnectReason::key_exchange_failed};
    }
    rekey_if_due(now);
}

// ---------------------------------------------------------------------- the other messages

void Transport::on_ext_info(Bytes payload) {
    peer_extensions_ = decode_ext_info(payload);
    ++ext_infos_;
}

void Transport::on_late_ext_info(Bytes payload) {
    const bool allowed = config_.role == Role::client && receiving_ == Receiving::open &&
                         !authenticated_ && ext_infos_ < most_ext_infos_of_a_server;
    if (!allowed) throw unexpected(msg::ExtInfo::number, "where RFC 8308 doesn't allow it");
    on_ext_info(payload);
}

void Transport::on_ping(Bytes payload) {
    refuse_in_strict_exchange(msg::Ping::number);
    const auto ping = decode<msg::Ping>(payload);
    // Nobody gets memory out of us by pinging before they are authenticated, or while the answers
    // could not leave (CVE-2025-26466).
    if (!authenticated_ || sending_ != Sending::open) return;
    pong_.clear();
    encode(msg::Pong{ping.data}, pong_);
    writer_.write(pong_);
}

void Transport::send_unimplemented(SequenceNumber of) {
    writer_.write(encoded(msg::Unimplemented{of.value()}));
}

void Transport::send(Bytes payload) {
    if (sending_ == Sending::open || !waits_for_key_exchange(message_number(payload))) {
        writer_.write(payload);
    } else {
        held_.emplace_back(payload.begin(), payload.end());
        held_bytes_ += writer_.sealer().sealed_size(payload.size());
    }
}

void Transport::disconnect(DisconnectReason reason, std::string_view description) {
    writer_.write(encoded(msg::Disconnect{static_cast<std::uint32_t>(reason), description, ""}));
}

void Transport::release_buffers() noexcept {
    reader_.release();
    writer_.release();
}

// ---------------------------------------------------------------------- compression

bool Transport::delays_compression() const {
    // Every method that we have is one that is delayed.
    const auto compresses = [](const std::string& method) {
        return !method.empty() && method != no_compression;
    };
    return compresses(negotiated_.compression_client_to_server) ||
           compresses(negotiated_.compression_server_to_client);
}

void Transport::on_authenticated(TimePoint now) {
    authenticated_ = true;
    keys_since_ = now;
    reader_.opener().set_length_limit(length_limit);
    renew_compression(config_.role);
    renew_compression(peer());
}

void Transport::renew_compression(Role sender) {
    const std::string& method = sender == Role::client ? negotiated_.compression_client_to_server
                                                       : negotiated_.compression_server_to_client;
    if (sender == config_.role) {
        writer_.compress_with(make_compressor(method));
    } else {
        reader_.decompress_with(make_decompressor(method));
    }
}

}  // namespace culvert
