#include "common/transport/transport.hpp"

#include <algorithm>
#include <utility>

#include "common/transport/message_numbers.hpp"
#include "common/transport/unexpected_message.hpp"
#include "common/wire/transport_messages.hpp"

namespace culvert {

Transport::Transport(TransportConfig config, Random& random)
    : config_{std::move(config)},
      versions_{config_.role},
      extensions_{config_.role, config_.extensions},
      exchanges_{config_, random, versions_, reader_, sender_, extensions_} {}

void Transport::start(TimePoint now) {
    VersionExchange::write(output());
    exchanges_.begin_first(now);
}

std::optional<TransportEvent> Transport::poll(TimePoint now) {
    if (!versions_.read(input())) return std::nullopt;
    while (!ended_ && !exchanges_.awaits_owner()) {
        if (work_.is_used_up()) return YieldDue{};
        const auto packet = reader_.read();
        if (!packet) return std::nullopt;
        work_.on_message(packet->payload.size());
        const bool follows_new_keys = extensions_.on_packet();
        if (follows_new_keys && message_number(packet->payload) == msg::ExtInfo::number) {
            extensions_.on_ext_info(packet->payload);
            continue;
        }
        if (auto event = on_packet(*packet, now)) return event;
    }
    return std::nullopt;
}

std::optional<TransportEvent> Transport::on_packet(const Packet& packet, TimePoint now) {
    const std::uint8_t number = message_number(packet.payload);
    const StrictKeyExchange& strict = exchanges_.strict();
    switch (number) {
        case msg::Disconnect::number:
            return on_disconnect(packet.payload);
        case msg::Ignore::number:
            strict.refuse_in_first_exchange(number);
            decode<msg::Ignore>(packet.payload);
            return std::nullopt;
        case msg::Unimplemented::number:
            strict.refuse_in_first_exchange(number);
            decode<msg::Unimplemented>(packet.payload);
            return std::nullopt;
        case msg::Debug::number:
            strict.refuse_in_first_exchange(number);
            decode<msg::Debug>(packet.payload);
            return std::nullopt;
        case msg::ExtInfo::number:
            on_late_ext_info(packet.payload);
            return std::nullopt;
        case msg::Ping::number:
            strict.refuse_in_first_exchange(number);
            on_ping(packet.payload);
            return std::nullopt;
        case msg::Pong::number:
            strict.refuse_in_first_exchange(number);
            return PongReceived{decode<msg::Pong>(packet.payload).data};
        default:
            break;
    }
    if (is_of_key_exchange(number)) return on_kex_packet(packet, now);
    if (is_of_layers_above(number)) return on_upper_packet(packet);
    strict.refuse_in_first_exchange(number);
    send_unimplemented(packet.sequence_number);
    return std::nullopt;
}

std::optional<TransportEvent> Transport::on_upper_packet(const Packet& packet) {
    if (!exchanges_.is_open()) {
        // RFC 4253 7.1 forbids those of the connection protocol, too, but AsyncSSH sends them. The
        // keys that hold protect them, and strict KEX is about the first exchange alone.
        const std::uint8_t number = message_number(packet.payload);
        if (!exchanges_.authenticated() || number < first_of_connection) {
            throw unexpected_message(number, "before the key exchange has ended");
        }
        irregularities_.note(Irregularity::message_during_rekey);
    }
    exchanges_.strict().check_service();
    return PacketReceived{packet.payload, packet.sequence_number};
}

std::optional<TransportEvent> Transport::on_kex_packet(const Packet& packet, TimePoint now) {
    auto event = exchanges_.on_packet(packet, now);
    if (message_number(packet.payload) == msg::KexInit::number &&
        has_irregular_lists(packet.payload)) {
        irregularities_.note(Irregularity::irregular_name_list);
    }
    return event;
}

/// What it has to say counts, also without the language, which some leave out.
PeerDisconnected Transport::on_disconnect(Bytes payload) {
    Reader in{payload};
    in.expect_number(msg::Disconnect::number);
    const std::uint32_t reason = in.uint32();
    const std::string_view description = in.text();
    ended_ = true;
    return {reason, std::string{description}};
}

void Transport::on_late_ext_info(Bytes payload) {
    const bool in_login = exchanges_.is_open() && !exchanges_.authenticated();
    if (!in_login || !extensions_.takes_another()) {
        throw unexpected_message(msg::ExtInfo::number, "where RFC 8308 doesn't allow it");
    }
    extensions_.on_ext_info(payload);
}

/// The answer is the question with another number (OpenSSH PROTOCOL 1.8).
void Transport::on_ping(MutableBytes payload) {
    decode<msg::Ping>(payload);
    // Nobody gets memory out of us by pinging before they are authenticated, or while the answers
    // could not leave (CVE-2025-26466).
    if (!exchanges_.authenticated() || !sends_data()) return;
    payload.front() = std::byte{msg::Pong::number};
    send(payload);
}

void Transport::send_unimplemented(SequenceNumber of) { send(msg::Unimplemented{of.value()}); }

void Transport::disconnect(DisconnectReason reason, std::string_view description) {
    send(msg::Disconnect{static_cast<std::uint32_t>(reason), description, ""});
}

void Transport::release_buffers() noexcept {
    reader_.release();
    writer().release();
}

bool Transport::delays_compression() const {
    // Every method that we have is one that is delayed.
    const auto compresses = [](const std::string& method) {
        return !method.empty() && method != no_compression;
    };
    return compresses(negotiated().compression_client_to_server) ||
           compresses(negotiated().compression_server_to_client);
}

void Transport::on_authenticated(TimePoint now) {
    reader_.opener().set_length_limit(length_limit);
    exchanges_.on_authenticated(now);
}

}  // namespace culvert
