#pragma once

#include <exception>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "client/client_context.hpp"
#include "client/connection_pool.hpp"
#include "client/forward_listeners.hpp"
#include "client/held_connections.hpp"
#include "client/login_serializer.hpp"
#include "client/settings.hpp"
#include "client/tunnel_log.hpp"
#include "client/tunnel_status.hpp"
#include "common/log/repeat_limit.hpp"
#include "common/net/event.hpp"
#include "common/net/task_group.hpp"

namespace culvert {

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
    bool listeners_tried() const noexcept { return listeners_.tried(); }

private:
    enum class Life {
        running,
        draining,
        ending,  ///< the connections have been told so, or are being joined
    };
    /// What the server showed and took, once a connection has been up.
    struct Known {
        std::optional<PublicKey> identity;
        std::optional<PublicKey> host_key;
    };

    // ClientConnectionOwner
    awaitable<std::optional<PublicKey>> wait_for_turn(std::size_t index) override;
    awaitable<void> check_host_key(PublicKey key) override;
    void on_ready(std::size_t index) override;
    void on_up(std::size_t index, const PublicKey& accepted) override;
    void on_lost(std::size_t index, const std::string& why) override;
    void on_over(std::size_t index, const std::exception_ptr& why) override;
    void on_not_carried(std::size_t index, LocalConnection connection) override;

    void on_connected(const Forward& forward, Accepted accepted);
    void place(LocalConnection connection);
    void drain_connections_if_none_held();
    awaitable<void> report_not_carried();

    ClientContext context_;
    TunnelSettings settings_;
    TunnelLog log_;
    Life life_ = Life::running;
    Known known_;
    LoginSerializer turns_;
    std::string failure_;  ///< of the last loss or try
    Event over_;
    std::exception_ptr why_over_;

    std::unique_ptr<Connector> connector_;
    RepeatLimit not_carried_;
    ClientConnectionContext shared_by_connections_;
    ForwardListeners listeners_;
    HeldConnections held_;
    ConnectionPool connections_;
};

}  // namespace culvert
