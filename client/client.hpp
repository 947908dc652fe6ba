#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <vector>

#include <asio/io_context.hpp>

#include "client/client_signals.hpp"
#include "client/config.hpp"
#include "client/io_threads.hpp"
#include "client/readiness.hpp"
#include "client/tunnel_set.hpp"
#include "common/base/exit_code.hpp"

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
    void on_up();
    awaitable<void> obey_signals();
    void obey(int signal);
    void log_status() const;
    void reload();
    TunnelSet::Changes configure(std::vector<TunnelSettings> tunnels,
                                 std::chrono::milliseconds drain, const LogSettings& log);

    asio::io_context context_{1};
    IoThreads threads_{context_.get_executor()};
    std::vector<TunnelSettings> at_start_;
    std::shared_ptr<WindowBudget> windows_;  ///< of all connections
    Resolver resolver_;
    SystemRandom random_;
    std::chrono::milliseconds drain_;
    LogSettings log_;
    Hooks hooks_;
    bool asked_to_end_ = false;
    ClientSignals signals_;
    Readiness readiness_;
    TunnelSet tunnels_;
    TaskGroup tasks_;
};

}  // namespace culvert
