#pragma once

#include <exception>
#include <functional>
#include <string_view>

#include <asio/io_context.hpp>
#include <asio/signal_set.hpp>

#include "common/net/event.hpp"
#include "common/net/service_manager.hpp"
#include "common/net/task_group.hpp"
#include "server/listeners.hpp"
#include "server/server_resources.hpp"
#include "server/worker_pool.hpp"

namespace culvert {

/// culvertd: listens, has connections served by its workers, loads its configuration anew at
/// SIGHUP, and ends when it is told to.
class Daemon {
public:
    enum class Loading { at_start, at_reload };
    /// Throws Error for what can't be served. At a reload it makes no host key.
    using Loader = std::function<Served(Loading when)>;
    explicit Daemon(Loader load, MakeBroker make_broker = make_system_broker);

    /// Serves until SIGTERM or SIGINT; then drains. Throws Error when it can't listen.
    void run();

private:
    awaitable<void> serve();
    awaitable<int> obey_signals();
    awaitable<int> next_signal();
    awaitable<void> reload();
    awaitable<void> take_configuration();
    awaitable<void> follow_configuration(const Served& before);
    awaitable<void> log_status();
    awaitable<void> drain(std::string_view signal);
    awaitable<void> wait_until_drained();
    awaitable<void> cut_drain_short();
    void on_accept(Accepted accepted);
    void admit(Accepted accepted);
    void turn_away(const Accepted& accepted, std::string_view why);
    void fail(const std::exception_ptr& why);
    awaitable<void> report_repeats();

    ServiceManager manager_ = ServiceManager::of_process();
    const TimePoint began_ = Clock::now();
    Loader load_;
    ServerResources resources_;

    asio::io_context context_{1};
    asio::signal_set signals_{context_};
    Listeners listeners_;
    TaskGroup serving_;
    TaskGroup reporting_;
    std::exception_ptr failure_;
    Event drained_;
    WorkerPool workers_;  ///< its connections go first: they use what stands above
};

}  // namespace culvert
