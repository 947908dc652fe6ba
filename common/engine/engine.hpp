#pragma once

#include <cstdint>
#include <optional>
#include <variant>

#include "common/auth/userauth_client.hpp"
#include "common/auth/userauth_server.hpp"
#include "common/connection/connection.hpp"
#include "common/engine/answer_backlog.hpp"
#include "common/engine/flight.hpp"
#include "common/engine/keepalive.hpp"
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
    /// From the start until the user is authenticated, without the time that it takes a client's
    /// owner to decide about a host key and to sign: a user may be asked.
    Duration login_grace = std::chrono::seconds{30};
    /// A server's, from its first USERAUTH_PK_OK on: the user may have to confirm the use of the
    /// key, or to touch it.
    Duration login_grace_with_key = std::chrono::seconds{120};
};

/// The user is authenticated: channels may be opened. On a server the key is the one that was
/// proved, and what the user may do follows from it alone.
struct Authenticated {
    std::string user;
    PublicKey key;
};

/// Text of the server for the user, to be shown escaped (RFC 4252 5.4).
struct BannerReceived {
    std::string text;
};

/// Data wait in the inbox, and nothing more is read before they are offered to their user.
struct InboxFull {};

/// Each kind that asks for an answer says so at its type.
using EngineEvent =
    std::variant<InboxFull, ChannelRequested, RequestDenied, ForwardRequested, ForwardAnswered,
                 HostKeyOffered, SignatureWanted, KeyShown, Authenticated, BannerReceived, Rekeyed,
                 PeerDisconnected, TurnOver>;

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
    enum class Gone { closed, reset };
    /// The peer ended the TCP connection. Throws the Error that says what that means.
    [[noreturn]] void on_peer_gone(Gone how) const;

    // ---- answers to events
    void accept_host_key(TimePoint now);
    void provide_signature(Bytes signature_blob, TimePoint now);
    void decline_signature(TimePoint now);
    /// A signature that is wanted takes long: a server that takes its key is told to wait.
    void ask_while_signing();
    /// To KeyShown. Accepting a proved key is followed by Authenticated.
    void accept_key(TimePoint now);
    void refuse_key();

    // ---- channels
    /// True from authentication on, and where the outcome of a sent request can be taken for
    /// granted, ahead of it (design 3: round trips are counted).
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
    /// Little should be received or sent at once now: Company::batch.
    bool has_company(TimePoint now) const noexcept { return connection_.has_company(now); }
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

    /// Lets the channel whose turn it is put its next bytes into the output: its user reads them
    /// into slots there, and they are sealed where they lie. `room` is about how many bytes the
    /// output should take in. False when none may send.
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

    const Flight& flight() const noexcept { return flight_; }
    void start_rekey(TimePoint now) { transport_.start_rekey(now); }
    const Transport& transport() const noexcept { return transport_; }
    const UserauthClient& userauth_client() const noexcept { return userauth_client_; }
    const UserauthServer& userauth_server() const noexcept { return userauth_server_; }

    /// What may wait of answers to the peer: more than this is a peer that asks and doesn't read.
    static constexpr std::size_t reply_limit = 2 * 1024 * 1024;
    /// What may wait in all: 16,384 channels that we open and reset at once come to 8 MiB.
    static constexpr std::size_t output_limit = 16 * 1024 * 1024;
    /// The most data that one turn reads, in packets of the usual size.
    static constexpr std::size_t most_slots = 16;

private:
    void send(Bytes payload) override;
    std::optional<EngineEvent> on_packet(const PacketReceived& packet, TimePoint now);
    std::optional<EngineEvent> on_server_packet(std::uint8_t number, Bytes payload, TimePoint now);
    std::optional<EngineEvent> on_client_packet(std::uint8_t number, Bytes payload, TimePoint now);
    std::optional<EngineEvent> follow(UserauthClient::Step step, TimePoint now);
    std::optional<EngineEvent> begin_if_algorithms_are_known(TimePoint now);
    void on_owner_answered(TimePoint now) noexcept;
    bool peer_takes_early_channels() const noexcept;
    [[noreturn]] void on_login_too_slow() const;
    std::optional<EngineEvent> on_banner(Bytes payload);
    void begin_authentication(TimePoint now);
    bool is_late_service_request(std::uint8_t number) const noexcept;
    void check_backlog();
    /// Its data can't stay where they lie, or it holds no more.
    bool inbox_is_full() const noexcept {
        const Inbox& inbox = connection_.inbox();
        return !inbox.empty() && (inbox.full() || transport_.views_are_transient());
    }
    void on_login_answer(TimePoint now) noexcept;
    void measure_round_trip(TimePoint now);
    void on_round_trip(Duration took, TimePoint now) noexcept;
    void fit_first_window() noexcept;
    void follow_path() noexcept;
    void seal_data(ChannelId remote, std::size_t bytes, std::size_t each);
    void send_mark(TimePoint now);
    void on_pong(Bytes data, TimePoint now);
    void on_login(TimePoint now);

    EngineConfig config_;
    Transport transport_;
    UserauthServer userauth_server_;
    UserauthClient userauth_client_;
    Connection connection_;
    AnswerBacklog answers_;
    Keepalive keepalive_;
    Flight flight_;
    TimePoint login_deadline_;
    Duration measurement_interval_ = std::chrono::milliseconds{200};
    std::optional<TimePoint> measure_at_;   ///< only of others than culverts
    std::optional<TimePoint> login_asked_;  ///< since when its answer is awaited
    std::optional<TimePoint> owner_asked_;  ///< since when a client's decides or signs
    bool key_taken_ = false;                ///< a server's PK_OK is out
    bool authenticated_ = false;
    bool ended_ = false;
    std::uint64_t traffic_ = 0;
    std::optional<EngineEvent> pending_;
    std::size_t banner_bytes_ = 0;

};

}  // namespace culvert
