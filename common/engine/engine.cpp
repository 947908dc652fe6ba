#include "common/engine/engine.hpp"

#include <algorithm>
#include <array>
#include <span>

#include <fmt/format.h>

#include "common/base/big_endian.hpp"
#include "common/engine/login_messages.hpp"
#include "common/engine/peer_software.hpp"
#include "common/wire/auth_messages.hpp"
#include "common/wire/protocol_error.hpp"
#include "common/wire/transport_messages.hpp"

namespace culvert {
namespace {

// RFC 4250 4.1.1: what belongs to the connection protocol.
constexpr std::uint8_t first_connection_message = 80;
constexpr std::uint8_t last_connection_message = 127;

}  // namespace

Engine::Engine(EngineConfig config, Random& random, TimePoint now)
    : config_{std::move(config)},
      transport_{config_.transport, random},
      login_clock_{config_.login, now},
      login_server_{config_.userauth, transport_, login_clock_},
      login_client_{config_.identities, transport_, login_clock_},
      connection_{config_.connection, *this},
      keepalive_{config_.keepalive, now},
      policy_{connection_.interactive_traffic()} {
    transport_.start(now);
}

// ---------------------------------------------------------------------- received

void Engine::received(std::size_t bytes, TimePoint now) {
    transport_.received(bytes);
    traffic_ += bytes;
    keepalive_.on_received(now);
}

std::optional<EngineEvent> Engine::poll(TimePoint now) {
    if (pending_) return std::exchange(pending_, std::nullopt);
    follow_path();
    if (inbox_is_full()) connection_.hand_over(now);
    // The owner decides about a key before anything that was sent after it is read.
    while (!ended_ && !awaits_owner()) {
        check_backlog();
        const Answering answering{answers_, transport_};
        auto event = transport_.poll(now);
        if (!event && is_client()) return login_client_.begin_if_algorithms_are_known(now);
        if (!event) break;
        if (const auto* packet = std::get_if<PacketReceived>(&*event)) {
            if (auto result = on_packet(*packet, now)) return result;
            if (inbox_is_full()) return InboxFull{};
        } else if (auto* offered = std::get_if<HostKeyOffered>(&*event)) {
            login_clock_.pause(now);
            return std::move(*offered);
        } else if (auto* wanted = std::get_if<HostSignatureWanted>(&*event)) {
            return std::move(*wanted);
        } else if (const auto* pong = std::get_if<PongReceived>(&*event)) {
            on_pong(pong->data, now);
        } else if (std::holds_alternative<Rekeyed>(*event)) {
            policy_.congestion_window().on_exchange_over();
            return Rekeyed{};
        } else if (std::holds_alternative<YieldDue>(*event)) {
            return YieldDue{};
        } else {
            return std::get<PeerDisconnected>(std::move(*event));
        }
    }
    return std::nullopt;
}

void Engine::check_backlog() {
    if (answers_.bytes() > reply_limit) {
        throw ProtocolError{"the peer asks for answers that it doesn't read"};
    }
    const UnsentBytes unsent = unsent_bytes(transport_);
    if (unsent.output + unsent.held > output_limit) {
        throw Error{ErrorKind::network,
                    fmt::format("the peer doesn't read: {} MiB wait for it", output_limit >> 20)};
    }
}

/// From a client that sends one ahead of each try, and was let in by the one before. sshd doesn't
/// mind either.
bool Engine::is_late_service_request(std::uint8_t number) const noexcept {
    return number == msg::ServiceRequest::number && authenticated_ && !is_client();
}

std::optional<EngineEvent> Engine::on_packet(const PacketReceived& packet, TimePoint now) {
    const std::uint8_t number = message_number(packet.payload);
    if (number >= first_connection_message && number <= last_connection_message) {
        if (!authenticated_) {
            throw ProtocolError{fmt::format("message {} before authentication", number)};
        }
        if (Connection::handles(number)) return on_connection_packet(number, packet.payload, now);
    } else if (is_of_login(number) && !is_late_service_request(number)) {
        return on_login_packet(number, packet.payload, now);
    }
    transport_.send_unimplemented(packet.sequence_number);
    return std::nullopt;
}

std::optional<EngineEvent> Engine::on_connection_packet(std::uint8_t number, Bytes payload,
                                                        TimePoint now) {
    if (number == msg::ChannelData::number) transport_.keep_views();
    if (number == msg::ChannelOpen::number) fit_first_window();
    if (auto event = connection_.on_packet(payload, now)) {
        return std::visit([](auto& each) -> EngineEvent { return std::move(each); }, *event);
    }
    const auto round_trip = connection_.global_requests().take_round_trip();
    if (round_trip) on_round_trip(*round_trip, now);
    return std::nullopt;
}

// ---------------------------------------------------------------------- login

std::optional<EngineEvent> Engine::on_login_packet(std::uint8_t number, Bytes payload,
                                                   TimePoint now) {
    // A server's SERVICE_ACCEPT, a client's signature after PK_OK: no stream's data stands in their
    // way yet, only what an agent takes to sign. A culvert has pings for that.
    if (number == msg::ServiceAccept::number || number == msg::UserauthRequest::number) {
        const auto took = login_clock_.take_answer_time(now);
        if (took && !peer_is_culvert()) on_round_trip(*took, now);
    }
    if (!is_client()) return login_server_.on_packet(number, payload);
    auto event = login_client_.on_packet(number, payload, connection_.channels() > 0, now);
    if (event && std::holds_alternative<Authenticated>(*event)) on_authenticated(now);
    return event;
}

void Engine::accept_host_key(TimePoint now) {
    login_clock_.resume(now);
    transport_.accept_host_key();
    pending_ = login_client_.begin(now);
}

void Engine::accept_key(TimePoint now) {
    auto authenticated = login_server_.accept_key(now);
    if (!authenticated) return;
    on_authenticated(now);
    pending_ = *std::move(authenticated);
}

bool Engine::may_open_channels() const noexcept {
    return authenticated_ ||
           (is_client() && login_client_.is_optimistic() && !transport_.delays_compression() &&
            (peer_is_culvert() || takes_early_channels(*transport_.peer_version())));
}

void Engine::on_authenticated(TimePoint now) {
    authenticated_ = true;
    transport_.on_authenticated(now);
    if (const auto took = transport_.exchange_round_trip()) on_round_trip(*took, now);
    if (transport_.peer_extensions().ping) policy_.congestion_window().begin();
    if (config_.measures_round_trip && keepalive_.enabled() && !peer_is_culvert()) {
        round_trips_.begin(now);
    }
}

// ---------------------------------------------------------------------- data to send

bool Engine::send_turn(std::size_t room, TimePoint now) {
    if (!authenticated_ || ended_) return false;
    transport_.rekey_if_due(now);
    if (!transport_.sends_data()) {
        policy_.congestion_window().on_exchange_begun();
        return false;
    }
    policy_.begin_turn(now);
    // Also where nothing may follow: the window may have shrunk behind the last probe.
    if (policy_.congestion_window().probe_is_due()) send_probe(now);
    room = policy_.turn_room(room);
    if (room == 0) return false;
    const auto turn = connection_.next_turn();
    if (!turn) {
        policy_.congestion_window().on_app_limited();
        return false;
    }

    const std::size_t bytes = policy_.turn_bytes(turn->bytes, room);
    const std::size_t each = std::min(turn->packet_bytes, bytes);
    const std::size_t count = std::min((bytes + each - 1) / each, most_slots);
    transport_.writer().reserve(msg::ChannelData::header_size + each, count);
    std::array<MutableBytes, most_slots> slots;
    for (std::size_t i = 0; i < count; ++i) {
        slots[i] = transport_.writer().reserved(i).subspan(msg::ChannelData::header_size,
                                                           std::min(each, bytes - i * each));
    }
    const ChannelRead read = turn->channel.user->read(std::span{slots}.first(count));
    seal_data(turn->channel.remote(), read.bytes, each);
    if (policy_.congestion_window().probe_is_due()) send_probe(now);
    connection_.on_turn_over(turn->channel, read, now);
    return true;
}

/// The first `bytes` of what was reserved, with `each` in a packet.
void Engine::seal_data(ChannelId remote, std::size_t bytes, std::size_t each) {
    PacketWriter& writer = transport_.writer();
    const std::size_t before = transport_.output().size();
    for (std::size_t i = 0; bytes > 0; ++i) {
        const std::size_t size = std::min(each, bytes);
        const MutableBytes payload = writer.reserved(i);
        payload[0] = std::byte{msg::ChannelData::number};
        store_big_endian<std::uint32_t>(payload.subspan<1, 4>(), remote.value());
        store_big_endian<std::uint32_t>(payload.subspan<5, 4>(), static_cast<std::uint32_t>(size));
        writer.write_reserved(i, msg::ChannelData::header_size + size);
        bytes -= size;
    }
    policy_.congestion_window().on_sent(transport_.output().size() - before);
}

// ---------------------------------------------------------------------- the path

void Engine::send_probe(TimePoint now) {
    std::array<std::byte, sizeof(std::uint64_t)> number;
    store_big_endian<std::uint64_t>(number, policy_.congestion_window().probe(now));
    PacketSink::send(msg::Ping{number});
}

void Engine::on_pong(Bytes data, TimePoint now) {
    if (data.size() != sizeof(std::uint64_t)) return;
    policy_.congestion_window().on_pong(
        load_big_endian<std::uint64_t>(data.first<sizeof(std::uint64_t)>()), now);
}

/// Windows follow it, so a peer that answers late on purpose gains at most a second's worth.
void Engine::on_round_trip(Duration took, TimePoint now) noexcept {
    if (took <= Duration::zero()) return;
    policy_.congestion_window().on_round_trip(std::min(took, limits::window::longest_round_trip),
                                              now);
}

void Engine::fit_first_window() noexcept {
    const Duration round_trip = policy_.congestion_window().round_trip();
    if (peer_is_culvert() || round_trip == Duration::zero()) return;
    connection_.fit_first_window(std::chrono::duration<double>(round_trip).count() *
                                 limits::window::fast_path);
}

void Engine::follow_path() noexcept {
    connection_.set_path(policy_.congestion_window().round_trip(), peer_is_culvert());
    connection_.set_peer_knows_reset(transport_.peer_extensions().reset);
}

// ---------------------------------------------------------------------- time and end

std::optional<TimePoint> Engine::next_deadline() {
    if (ended_) return std::nullopt;
    if (!authenticated_) return login_clock_.deadline();
    std::optional<TimePoint> next = transport_.next_deadline();
    const auto consider = [&](std::optional<TimePoint> other) {
        if (other && (!next || *other < *next)) next = other;
    };
    consider(connection_.next_deadline());
    consider(policy_.congestion_window().next_deadline());
    consider(round_trips_.deadline());
    if (keepalive_counts()) consider(keepalive_.next_deadline());
    return next;
}

void Engine::on_time(TimePoint now) {
    if (ended_) return;
    if (!authenticated_) {
        const auto deadline = login_clock_.deadline();
        if (!deadline || now < *deadline) return;
        throw login_too_slow(transport_, config_.transport.role, login_clock_);
    }
    transport_.on_time(now);
    policy_.congestion_window().on_time(now);
    if (round_trips_.on_time(now)) connection_.global_requests().send_keepalive(now);
    switch (keepalive_counts() ? keepalive_.on_time(now) : Keepalive::Action::none) {
        case Keepalive::Action::none:
            break;
        case Keepalive::Action::ask:
            connection_.global_requests().send_keepalive(now);
            break;
        case Keepalive::Action::give_up:
            throw Error{ErrorKind::network,
                        fmt::format("nothing heard from the peer for {} s, nor an answer to {} "
                                    "keepalives",
                                    std::chrono::duration_cast<std::chrono::seconds>(
                                        keepalive_.silence(now))
                                        .count(),
                                    config_.keepalive.misses)};
    }
    connection_.on_time(now);
}

void Engine::end(DisconnectReason reason, std::string_view description) {
    if (std::exchange(ended_, true)) return;
    transport_.disconnect(reason, description);
}

}  // namespace culvert
