#pragma once

#include <memory>
#include <vector>

#include <asio/io_context.hpp>
#include <asio/signal_set.hpp>

#include "client/tunnel.hpp"
#include "common/net/service_manager.hpp"

namespace culvert {

/// The running client: its tunnels on one thread, until a signal ends them or none is left.
class Client {
public:
    /// `on_up` is called once, when every tunnel is up. The identities' files are read here:
    /// throws Error{config} for one that is bad.
    Client(std::vector<TunnelSettings> tunnels, FirstFailure first_failure,
           std::function<void()> on_up);

    /// Returns when ended as asked. Throws the Error that ended the last tunnel.
    void run();

private:
    awaitable<void> run_tunnel(Tunnel& tunnel);
    awaitable<void> obey_signals();
    void on_tunnel_up();
    void on_tunnel_complete();

    asio::io_context context_{1};
    asio::signal_set signals_{context_, SIGTERM, SIGINT};
    Resolver resolver_;
    SystemRandom random_;
    std::vector<std::unique_ptr<Tunnel>> tunnels_;
    std::size_t running_ = 0;
    std::size_t not_yet_up_;
    std::size_t not_yet_complete_;  ///< some forward isn't bound, or the tunnel isn't up
    ServiceManager manager_ = ServiceManager::of_process();
    std::function<void()> on_up_;
    std::exception_ptr failure_;
    TaskGroup tasks_;
};

}  // namespace culvert
