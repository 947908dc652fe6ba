#pragma once

#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include <asio/io_context.hpp>
#include <asio/signal_set.hpp>

#include "common/net/event.hpp"
#include "common/net/listener.hpp"
#include "common/net/on_io_context.hpp"
#include "common/net/resolver.hpp"
#include "common/net/service_manager.hpp"
#include "common/net/task_group.hpp"
#include "server/admission.hpp"
#include "server/key_reader.hpp"
#include "server/listen_plan.hpp"
#include "server/system_broker.hpp"
#include "server/worker.hpp"

namespace culvert {

/// What a daemon serves with: swapped whole when it reloads.
struct Served {
    std::shared_ptr<const ServerConfig> config;
    std::shared_ptr<const PrivateKey> host_key;
};

/// culvertd: listens, spreads connections over its threads, loads its configuration anew at SIGHUP,
/// and ends when it is told to.
class Daemon {
public:
    enum class Loading { at_start, at_reload };
    /// Throws Error for what can't be served. At a reload it makes no host key.
    using Loader = std::function<Served(Loading when)>;
    explicit Daemon(Loader load);

    /// Serves until SIGTERM or SIGINT; then drains. Throws Error when it can't listen.
    void run();

private:
    /// One entry of `listen`, and the task that accepts what connects to it.
    struct Listening {
        Listening(const IoExecutor& executor, ListenEntry named,
                  std::span<const Listener* const> before, TaskGroup::OnError on_error)
            : entry{std::move(named)},
              listener{executor, entry.to_bind, Listener::accept_one, before},
              accepting{executor, std::move(on_error)} {}

        ListenEntry entry;
        Listener listener;
        TaskGroup accepting;
    };
    using Listenings = std::vector<std::shared_ptr<Listening>>;

    awaitable<void> serve();
    awaitable<int> obey_signals();
    awaitable<int> next_signal();
    awaitable<void> reload();
    awaitable<void> take_configuration();
    awaitable<void> follow_configuration(const Served& before, Listenings listening_before);
    awaitable<void> log_status();
    awaitable<void> drain(std::string_view signal);
    awaitable<std::vector<ListenEntry>> listen_entries(const ServerConfig& config,
                                                       const Listenings& before);
    awaitable<Listenings> listen(const ServerConfig& config, const Listenings& before);
    awaitable<void> give_up(Listenings old);
    awaitable<void> start_accepting(const Listenings& fresh);
    Listener::Events accept_events();
    awaitable<void> wait_until_drained();
    awaitable<void> cut_drain_short();
    void on_accept(Accepted accepted);
    void admit(Accepted accepted);
    void turn_away(const Accepted& accepted, std::string_view why);
    void on_worker_idle();
    void fail(const std::exception_ptr& why);
    awaitable<void> measure_load();
    awaitable<void> report_repeats();
    Worker& least_loaded_worker();
    std::size_t connections() const;

    ServiceManager manager_ = ServiceManager::of_process();
    const TimePoint began_ = Clock::now();
    Loader load_;
    Served served_;
    std::shared_ptr<WindowBudget> windows_;
    SystemRandom random_;
    Resolver resolver_;
    KeyReader key_reader_;
    std::shared_ptr<Broker> broker_ =
        std::make_shared<SystemBroker>(served_.config, served_.host_key, resolver_, key_reader_);
    Admission admission_{random_};
    ServerRepeatLimits repeats_;

    asio::io_context context_{1};
    asio::signal_set signals_{context_};
    Listenings listening_;
    TaskGroup serving_;
    TaskGroup measuring_;
    TaskGroup reporting_;
    std::exception_ptr failure_;
    std::size_t idle_workers_ = 0;
    Event drained_;
    std::vector<std::unique_ptr<Worker>> workers_;  ///< they go first: they use what stands above
};

}  // namespace culvert
