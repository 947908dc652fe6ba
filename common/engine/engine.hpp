#pragma once

#include <cstdint>
#include <optional>

#include "common/connection/connection.hpp"
#include "common/engine/answer_backlog.hpp"
#include "common/engine/early_end.hpp"
#include "common/engine/engine_events.hpp"
#include "common/engine/keepalive.hpp"
#include "common/engine/login_client.hpp"
#include "common/engine/login_clock.hpp"
#include "common/engine/login_server.hpp"
#include "common/engine/round_trip_schedule.hpp"
#include "common/pacing/limits.hpp"
#include "common/pacing/send_policy.hpp"
#include "common/transport/transport.hpp"

namespace culvert {

struct EngineConfig {
    TransportConfig transport;
    ConnectionConfig connection;
    KeepaliveConfig keepalive;
    /// With keepalives: peers other than culvert are asked a few times after the login, to see how
    /// long the answer takes.
    bool measures_round_trip = true;
    UserauthLimits userauth;      ///< a server's
    ClientIdentities identities;  ///< a client's
    LoginTimes login;
};

/// One SSH connection without its socket: transport, authentication and connection layer joined, in
/// either role. Received bytes and the time go in, bytes to send and events come out.
///
/// Any function may throw ProtocolError for what the peer did, or Error when the connection can't
/// go on: the owner then calls end(), sends what is unsent, and closes.
class Engine final : private PacketSink {
public:
    /// `random` must outlive this.
    Engine(EngineConfig config, Random& random, TimePoint now);
    Engine(const Engine&) = delete;
    Engine& operator=(const Engine&) = delete;

    // ---- received bytes
    /// Where to receive the next bytes; never empty. Views into what came before are gone.
    MutableBytes receive_space(std::size_t most = InputBuffer::unlimited) {
        return transport_.receive_space(most);
    }
    void received(std::size_t bytes, TimePoint now);
    /// The next thing that happened, until there is none. Data gather in the inbox meanwhile, and
    /// are written to their user at the latest when they can't stay where they were received.
    std::optional<EngineEvent> poll(TimePoint now);
    /// Before receive_space(): writes what is in the inbox to its user. False if some is left since
    /// the user may be waited for: then it is offered again.
    [[nodiscard]] bool offer(TimePoint now) { return connection_.offer(now); }
    const Inbox& inbox() const noexcept { return connection_.inbox(); }
    bool waits_for(ChannelId channel) const noexcept { return connection_.waits_for(channel); }
    /// The user of what is in the inbox is off its channel.
    bool inbox_is_orphaned() const noexcept { return connection_.inbox_is_orphaned(); }
    void on_waited(Duration time) noexcept { connection_.on_waited(time); }
    /// What the peer did against the protocol's letter, each kind once: for a log.
    std::optional<Irregularity> take_irregularity() noexcept {
        const auto kind = transport_.irregularities().take_new();
        return kind ? kind : connection_.irregularities().take_new();
    }
    /// The peer ended the TCP connection: what that means.
    Error peer_gone(Gone how) const {
        return culvert::peer_gone(transport_, config_.transport.role, authenticated_, how);
    }

    // ---- answers to events
    void accept_host_key(TimePoint now);
    void provide_host_signature(Bytes signature_blob, TimePoint now) {
        const Answering answering{answers_, transport_};
        transport_.provide_host_signature(signature_blob, now);
    }
    void provide_signature(Bytes signature_blob, TimePoint now) {
        login_client_.provide_signature(signature_blob, now);
    }
    void decline_signature(TimePoint now) { pending_ = login_client_.decline_signature(now); }
    /// A signature that is wanted takes long: a server that takes its key is told to wait.
    void query_while_signing() { login_client_.query_while_signing(); }
    /// To PublicKeyRequest. Accepting a verified one is followed by Authenticated.
    void accept_key(TimePoint now);
    void refuse_key() { login_server_.refuse_key(); }

    // ---- channels
    /// True from authentication on, and ahead of it where that is optimistic: a request was sent
    /// that is expected to be granted, and waiting for that would cost a round trip.
    bool may_open_channels() const noexcept;
    bool authenticated() const noexcept { return authenticated_; }
    /// It has said so (EXT_INFO), early in the login.
    bool peer_is_culvert() const noexcept { return transport_.peer_extensions().reset; }
    // As in Connection.
    std::optional<ChannelId> open(const ChannelType& type, ChannelUser& user, TimePoint now) {
        fit_first_window();
        return connection_.open(type, user, now);
    }
    void accept(ChannelId channel, ChannelUser& user) {
        const Answering answering{answers_, transport_};
        connection_.accept(channel, user);
    }
    void refuse(ChannelId channel, const OpenFailure& failure) {
        const Answering answering{answers_, transport_};
        connection_.refuse(channel, failure);
    }
    void close(ChannelId channel) { connection_.close(channel); }
    void reset(ChannelId channel) { connection_.reset(channel); }
    void delivered(ChannelId channel, std::size_t bytes, TimePoint now) {
        connection_.delivered(channel, bytes, now);
    }
    void set_readable(ChannelId channel) { connection_.set_readable(channel); }
    void lose() noexcept { connection_.lose(); }
    /// Asks for a remote forward, or for its end. From authentication on.
    RequestId ask(const ForwardRequest& what, TimePoint now) {
        return connection_.global_requests().ask(what, now);
    }
    /// To ForwardRequested.
    void grant(RequestId request, std::uint16_t port = 0) {
        const Answering answering{answers_, transport_};
        connection_.global_requests().grant(request, port);
    }
    void deny(RequestId request) {
        const Answering answering{answers_, transport_};
        connection_.global_requests().deny(request);
    }
    std::size_t channels() const noexcept { return connection_.channels(); }
    const std::shared_ptr<WindowBudget>& windows() const noexcept { return connection_.windows(); }

    // ---- bytes to send
    /// How much to receive or send at once, of which send_turn() asks for its part itself.
    SendPolicy& send_policy() noexcept { return policy_; }
    Bytes unsent() noexcept { return transport_.output().unsent(); }
    void sent(std::size_t bytes) noexcept {
        transport_.output().sent(bytes);
        answers_.on_sent(bytes, unsent_bytes(transport_));
        traffic_ += bytes;
    }
    /// Bytes sent and received, so far.
    std::uint64_t traffic() const noexcept { return traffic_; }
    /// The socket takes no more for now; it takes more again, or still does.
    void on_output_blocked(TimePoint now) noexcept { transport_.on_output_blocked(now); }
    void on_output_taken(TimePoint now) noexcept { transport_.on_output_taken(now); }

    /// Lets the channel that the scheduler names put its next bytes into the output: its user reads
    /// them into slots there, and they are sealed where they lie. `room` is about how many bytes
    /// the output should take in. False when none may send.
    bool send_turn(std::size_t room, TimePoint now);

    // ---- time
    std::optional<TimePoint> next_deadline();
    void on_time(TimePoint now);

    // ---- the end
    /// Tells the peer; nothing but sending what is unsent may follow.
    void end(DisconnectReason reason, std::string_view description);
    bool ended() const noexcept { return ended_; }
    /// Gives memory back that an idle connection doesn't need.
    void release_buffers() noexcept { transport_.release_buffers(); }

    const CongestionWindow& congestion_window() const noexcept {
        return policy_.congestion_window();
    }
    void start_rekey(TimePoint now) { transport_.start_rekey(now); }
    const Transport& transport() const noexcept { return transport_; }
    const UserauthClient& userauth_client() const noexcept { return login_client_.userauth(); }
    const UserauthServer& userauth_server() const noexcept { return login_server_.userauth(); }

    /// What may wait of answers to the peer: more than this is a peer that asks and doesn't read.
    static constexpr std::size_t reply_limit = limits::peer::answers;
    /// What may wait in all.
    static constexpr std::size_t output_limit = limits::peer::output;
    /// The most packets that one turn reads into.
    static constexpr std::size_t most_slots = limits::turn::most_packets;

private:
    // PacketSink
    void send(Bytes payload) override { transport_.send(payload); }

    bool is_client() const noexcept { return config_.transport.role == Role::client; }
    bool awaits_owner() const noexcept {
        return login_server_.awaits_answer() || login_client_.awaits_signature();
    }
    /// A peer that isn't listened to can't be found silent.
    bool keepalive_counts() const noexcept {
        return keepalive_.enabled() && !transport_.awaits_host_signature();
    }
    /// Its data can't stay where they lie, or it holds no more.
    bool inbox_is_full() const noexcept {
        const Inbox& inbox = connection_.inbox();
        return !inbox.empty() && (inbox.full() || transport_.views_are_transient());
    }

    std::optional<EngineEvent> on_packet(const PacketReceived& packet, TimePoint now);
    std::optional<EngineEvent> on_connection_packet(std::uint8_t number, Bytes payload,
                                                    TimePoint now);
    std::optional<EngineEvent> on_login_packet(std::uint8_t number, Bytes payload, TimePoint now);
    bool is_late_service_request(std::uint8_t number) const noexcept;
    void on_authenticated(TimePoint now);
    void check_backlog();

    void seal_data(ChannelId remote, std::size_t bytes, std::size_t each);

    void send_probe(TimePoint now);
    void on_pong(Bytes data, TimePoint now);
    void on_round_trip(Duration took, TimePoint now) noexcept;
    void fit_first_window() noexcept;
    void follow_path() noexcept;

    EngineConfig config_;
    Transport transport_;
    LoginClock login_clock_;
    LoginServer login_server_;  ///< of the two logins the one of our role is used
    LoginClient login_client_;
    Connection connection_;
    AnswerBacklog answers_;
    Keepalive keepalive_;
    SendPolicy policy_;
    RoundTripSchedule round_trips_;  ///< to others than culverts
    bool authenticated_ = false;
    bool ended_ = false;
    std::uint64_t traffic_ = 0;
    std::optional<EngineEvent> pending_;
};

}  // namespace culvert
