#pragma once

#include <functional>
#include <memory>
#include <vector>

#include <asio/io_context.hpp>
#include <asio/signal_set.hpp>

#include "client/config.hpp"
#include "client/terminal.hpp"
#include "client/tunnel.hpp"
#include "common/net/io_thread.hpp"
#include "common/net/on_io_context.hpp"
#include "common/net/service_manager.hpp"

namespace culvert {

/// The running client: its tunnels on one thread, and their SSH connections on that one too or on
/// several others, until a signal ends them or none is left.
class Client {
public:
    /// `on_up` is called once, when every tunnel is up. The identities' files are read here: throws
    /// Error{config} for one that is bad.
    Client(ClientConfig config, FirstFailure first_failure, std::function<void()> on_up);

    /// Returns when ended as asked. Throws the Error that ended the last tunnel.
    void run();

private:
    void start_threads(std::size_t wanted);
    IoExecutor next_thread();
    awaitable<void> run_tunnel(Tunnel& tunnel);
    awaitable<void> obey_signals();
    awaitable<int> next_signal();
    void on_tunnel_up();
    void on_tunnel_complete();

    asio::io_context context_{1};
    asio::signal_set signals_{context_};
    bool has_terminal_ = has_terminal();
    std::vector<std::unique_ptr<IoThread>> threads_;  ///< none: this one carries everything
    std::size_t threads_given_ = 0;
    Resolver resolver_;
    SystemRandom random_;
    std::vector<std::unique_ptr<Tunnel>> tunnels_;
    std::size_t running_ = 0;
    std::size_t not_yet_up_;
    std::size_t not_yet_complete_;  ///< some forward isn't bound, or the tunnel isn't up
    std::chrono::milliseconds drain_;
    ServiceManager manager_ = ServiceManager::of_process();
    std::function<void()> on_up_;
    std::exception_ptr failure_;
    TaskGroup tasks_;
};

}  // namespace culvert
