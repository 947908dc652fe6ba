#pragma once

#include <optional>
#include <string>
#include <vector>

#include "client/backoff.hpp"
#include "client/host_key_check.hpp"
#include "client/identities.hpp"
#include "client/settings.hpp"
#include "common/log/repeat_limit.hpp"
#include "common/net/event.hpp"
#include "common/net/listener.hpp"
#include "common/net/resolver.hpp"
#include "common/net/task_group.hpp"
#include "common/relay/relay.hpp"
#include "common/session/session.hpp"

namespace culvert {

/// What all tunnels of the program share; it outlives them.
struct ClientContext {
    asio::any_io_executor executor;
    Resolver& resolver;
    Random& random;
    AskUser ask;
    /// Told when a tunnel is logged in for the first time, its forwards bound or given up.
    std::function<void()> on_first_up = [] {};
    /// Told when, besides, every one of its forwards is bound.
    std::function<void()> on_complete = [] {};
};

/// Design 9: a tunnel of the command line ends when its first connection fails, one of `up`
/// outlives that as well.
enum class FirstFailure { ends, is_outlived };

/// One tunnel: its listening sockets, which are bound once and stay, and the connection behind
/// them, which comes and goes.
class Tunnel final : private SessionOwner {
public:
    /// Reads the identity files: throws Error{config} for a bad one.
    Tunnel(ClientContext context, TunnelSettings settings, FirstFailure first_failure);

    /// Binds, connects, and connects again, for ever. Returns after drain() or end(). Throws the
    /// Error that no retry can mend, and operation_aborted.
    awaitable<void> run();

    /// Takes no more connections, and ends when the last stream has.
    void drain();
    /// Ends now, with a reset for every stream.
    void end();

    std::size_t open_streams() const noexcept { return open_streams_; }

private:
    /// A forward and its listening sockets; none where the port is taken.
    struct Forward {
        LocalForward settings;
        std::optional<Listener> listener;
    };

    // SessionOwner
    awaitable<void> check_host_key(PublicKey key) override;
    awaitable<std::optional<ByteVector>> sign(SignatureWanted wanted) override;
    void on_ready() override;
    void on_banner(const BannerReceived& banner) override;
    void on_authenticated(const Authenticated& authenticated) override;
    void on_rekeyed() override;
    void on_denied(const RequestDenied& denied) override;
    void on_no_channels() override { end_if_drained(); }
    awaitable<bool> allows(KeyShown) override;
    void on_channel_requested(ChannelRequested request) override;

    awaitable<void> bind_forwards();
    enum class OnFailure { say_so, keep_quiet };
    awaitable<bool> bind(Forward& forward, OnFailure on_failure);
    awaitable<void> bind_later(Forward& forward);
    awaitable<void> accept(Forward& forward);

    awaitable<void> live();
    awaitable<void> keep_connected();
    awaitable<void> connect_once();
    awaitable<asio::ip::tcp::socket> dial_server();
    awaitable<bool> run_session();
    bool is_final(const Error& error);
    awaitable<void> wait_before_retry(const Error& why);

    awaitable<void> carry(asio::ip::tcp::socket socket, asio::ip::tcp::endpoint peer,
                          const LocalForward& forward);
    awaitable<void> carry_once_ready(asio::ip::tcp::socket socket, asio::ip::tcp::endpoint peer,
                                     const LocalForward& forward);
    awaitable<bool> wait_until_ready();
    void log_forward(const asio::ip::tcp::endpoint& peer, const LocalForward& forward,
                     std::string_view end, const Relay& relay, Duration took) const;
    void end_if_drained();
    void announce_complete();

    ClientContext context_;
    TunnelSettings settings_;
    Identities identities_;
    FirstFailure first_failure_;
    std::string server_name_;

    std::vector<Forward> forwards_;
    Backoff backoff_;
    unsigned failures_before_up_ = 0;
    bool has_been_up_ = false;
    bool has_been_complete_ = false;
    std::optional<std::string> host_key_;  ///< as log lines show it

    Session* session_ = nullptr;  ///< the connection that is there now
    std::vector<Event*> held_;    ///< connections that wait for it
    std::size_t open_streams_ = 0;
    RepeatLimit not_carried_{"connections that were reset, with nothing at the other end"};
    bool ending_ = false;
    bool draining_ = false;
    Event ended_;
    Event life_over_;
    std::exception_ptr why_over_;
    TaskGroup life_;  ///< the one connection, from its dialing to its end, again and again
    TaskGroup accepting_;
    TaskGroup streams_;
};

}  // namespace culvert
