#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <asio/io_context.hpp>
#include <asio/signal_set.hpp>

#include "client/config.hpp"
#include "client/terminal.hpp"
#include "client/tunnel_set.hpp"
#include "common/base/exit_code.hpp"
#include "common/net/io_thread.hpp"
#include "common/net/on_io_context.hpp"
#include "common/net/service_manager.hpp"

namespace culvert {

/// The running client: its tunnels on one thread, and their SSH connections on that one too or on
/// several others, until a signal ends them or none is left.
class Client {
public:
    /// What a SIGHUP reads again. Throws Error for a configuration that can't hold.
    using Loader = std::function<ClientConfig()>;

    /// What the program around it has to do with it; each may be empty.
    struct Hooks {
        /// Called once, when every tunnel has been up.
        std::function<void()> on_up;
        /// A signal asks for the end. Streams may go on for a while.
        std::function<void()> on_ending;
        /// Without it a SIGHUP changes no tunnel.
        Loader reload;
    };

    Client(ClientConfig config, FirstFailure first_failure, Hooks hooks);

    /// Runs until it ends as asked, or the last tunnel has ended, which has logged why. Throws
    /// Error{config} at once for a bad identity file.
    ExitCode run();

private:
    void start_threads(std::size_t wanted);
    IoExecutor next_thread();
    awaitable<void> obey_signals();
    awaitable<int> next_signal();
    void obey(int signal);
    void log_status() const;
    void reload();
    TunnelSet::Changes configure(std::vector<TunnelSettings> tunnels,
                                 std::chrono::milliseconds drain, const LogSettings& log);
    void on_change();
    void follow_change();
    awaitable<void> watch_start();
    void stop_waiting_for_signals();

    asio::io_context context_{1};
    asio::signal_set signals_{context_};  ///< without those that are to be ignored
    bool has_terminal_ = has_terminal();
    std::vector<std::unique_ptr<IoThread>> threads_;  ///< none: this one carries everything
    std::size_t threads_given_ = 0;
    std::vector<TunnelSettings> at_start_;
    std::shared_ptr<WindowBudget> windows_;  ///< of all connections
    Resolver resolver_;
    SystemRandom random_;
    std::chrono::milliseconds drain_;
    LogSettings log_;
    Hooks hooks_;
    bool asked_to_end_ = false;
    bool waits_for_signals_ = true;

    ServiceManager manager_ = ServiceManager::of_process();
    std::chrono::milliseconds ready_timeout_;
    enum class Start { quick, slow, too_slow, over } start_ = Start::quick;
    bool change_is_posted_ = false;
    std::string told_status_;

    TunnelSet tunnels_;
    TaskGroup tasks_;
    TaskGroup starting_;
};

}  // namespace culvert
