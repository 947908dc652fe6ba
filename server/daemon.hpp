#pragma once

#include <memory>
#include <vector>

#include <asio/io_context.hpp>
#include <asio/signal_set.hpp>

#include "common/net/event.hpp"
#include "common/net/listener.hpp"
#include "common/net/resolver.hpp"
#include "common/net/task_group.hpp"
#include "server/admission.hpp"
#include "server/worker.hpp"

namespace culvert {

/// culvertd: listens, spreads connections over its threads, and ends when it is told to.
class Daemon {
public:
    Daemon(std::shared_ptr<const ServerConfig> config, std::shared_ptr<const PrivateKey> host_key);

    /// Serves until SIGTERM or SIGINT; then drains. Throws Error when it can't listen.
    void run();

private:
    awaitable<void> serve();
    awaitable<void> listen();
    awaitable<void> wait_until_drained();
    awaitable<void> cut_drain_short();
    void on_accept(Accepted accepted);
    void on_worker_idle();
    void fail(const std::exception_ptr& why);
    Worker& least_loaded();
    std::size_t connections() const;

    std::shared_ptr<const ServerConfig> config_;
    std::shared_ptr<const PrivateKey> host_key_;
    SystemRandom random_;
    Resolver resolver_;
    Admission admission_{random_};

    asio::io_context context_{1};
    asio::signal_set signals_{context_, SIGTERM, SIGINT};
    std::vector<Listener> listeners_;
    TaskGroup accepting_;
    TaskGroup serving_;
    std::exception_ptr failure_;
    std::size_t turned_away_ = 0;
    std::size_t idle_workers_ = 0;
    Event drained_;
    std::vector<std::unique_ptr<Worker>> workers_;  ///< they go first: they use what stands above
};

}  // namespace culvert
