#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "client/client_connection.hpp"
#include "client/host_key_check.hpp"
#include "client/identities.hpp"
#include "client/listener_handover.hpp"
#include "client/login_serializer.hpp"
#include "client/settings.hpp"
#include "client/tunnel_log.hpp"
#include "client/tunnel_status.hpp"
#include "common/base/load.hpp"
#include "common/log/repeat_limit.hpp"
#include "common/net/event.hpp"
#include "common/net/listener.hpp"
#include "common/net/on_io_context.hpp"
#include "common/net/resolver.hpp"
#include "common/net/task_group.hpp"

namespace culvert {

/// What all tunnels of the program share; it outlives them.
struct ClientContext {
    IoExecutor executor;
    /// Where the next SSH connection is to live: on this thread or another one.
    std::function<IoExecutor()> next_thread;
    std::shared_ptr<WindowBudget> windows;  ///< of all connections
    Resolver& resolver;
    Random& random;
    AskUser ask;
    std::shared_ptr<ListenerHandover> handover = std::make_shared<ListenerHandover>();
    /// Told when the status() of a tunnel has changed. It must not touch the tunnel at once.
    std::function<void()> on_change = [] {};
};

/// One tunnel: its listening sockets, which are bound once and stay, and the SSH connections behind
/// them, which come and go. What connects goes to the one that has the least to do.
class Tunnel final : private ClientConnectionOwner {
public:
    /// Reads the identity files: throws Error{config} for a bad one.
    Tunnel(ClientContext context, TunnelSettings settings, FirstFailure first_failure);

    /// Binds, connects, and connects again, for ever. Returns after drain() or end(). Throws the
    /// Error that no retry can mend, and operation_aborted.
    awaitable<void> run();

    /// Takes no more connections, and ends when the last stream has. Its ports are free at once.
    void drain();
    /// The same for a tunnel that is replaced: its listeners on one of `ports` go to the context's
    /// handover, open; what waits for the others is still carried.
    void hand_over(const std::set<std::uint16_t>& ports);
    /// Ends now, with a reset for every stream.
    void end();

    std::size_t open_streams() const noexcept;
    TunnelStatus status() const;
    /// Each is bound, or has failed once.
    bool listeners_tried() const noexcept { return listeners_tried_; }

private:
    /// A forward and its listening sockets; none where the port is taken.
    struct Forward {
        LocalForward settings;
        std::shared_ptr<Listener> listener;
    };
    struct Member {
        std::unique_ptr<ClientConnection> connection;
        bool ready = false;
        bool over = false;
        Load load;
        std::uint64_t traffic = 0;  ///< when it was measured last
    };

    // ClientConnectionOwner
    awaitable<std::optional<PublicKey>> wait_for_turn(std::size_t index) override;
    awaitable<void> check_host_key(PublicKey key) override;
    void on_ready(std::size_t index) override;
    void on_up(std::size_t index, const PublicKey& accepted) override;
    void on_lost(std::size_t index, const std::string& why) override;
    void on_over(std::size_t index, const std::exception_ptr& why) override;
    void on_not_carried(std::size_t index, LocalConnection connection) override;

    awaitable<void> bind_forwards();
    enum class OnFailure { say_so, keep_quiet };
    awaitable<bool> bind(Forward& forward, OnFailure on_failure);
    awaitable<void> bind_later(Forward& forward);
    awaitable<void> accept(Forward& forward);
    Listener::Events accept_events(const Forward& forward);

    void place(LocalConnection connection);
    class Holding;
    awaitable<void> hold(LocalConnection connection, Holding holding);
    Member* least_loaded_link();
    awaitable<void> measure_traffic();
    void drain_connections_if_nothing_held();
    void hurry_connections();
    awaitable<void> report_not_carried();

    ClientContext context_;
    TunnelSettings settings_;
    TunnelLog log_;
    FirstFailure first_failure_;
    std::vector<Forward> forwards_;
    bool listeners_tried_ = false;
    std::string failure_;  ///< of the last loss or try

    LoginSerializer turns_;
    std::optional<PublicKey> accepted_identity_;  ///< once a connection has been up
    std::optional<PublicKey> accepted_host_key_;

    RepeatLimit not_carried_;
    ClientConnectionContext shared_by_connections_;
    std::vector<Member> connections_;
    std::vector<Event*> held_;  ///< local connections that wait for one
    std::size_t holding_ = 0;   ///< those, and what is about to be one of them
    bool measuring_ = false;
    bool draining_ = false;
    bool ending_ = false;  ///< the links have been told so, or are being joined
    Event over_;
    std::exception_ptr why_over_;
    TaskGroup accepting_;
    TaskGroup tasks_;
};

}  // namespace culvert
