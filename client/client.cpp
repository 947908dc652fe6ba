#include "client/client.hpp"

#include <algorithm>
#include <system_error>
#include <thread>

#include <fmt/format.h>
#include <asio/redirect_error.hpp>

#include "client/terminal.hpp"
#include "common/base/error.hpp"
#include "common/base/machine_memory.hpp"
#include "common/log/log.hpp"
#include "common/net/signals.hpp"

namespace culvert {
namespace {

std::size_t thread_count(const std::vector<TunnelSettings>& tunnels, unsigned wanted) {
    std::size_t connections = 0;
    for (const TunnelSettings& tunnel : tunnels) connections += tunnel.connections;
    const unsigned most = wanted > 0 ? wanted : std::max(1U, std::thread::hardware_concurrency());
    return std::min<std::size_t>(most, connections);
}

std::string_view name_of_signal(int signal) {
    if (signal == SIGTERM) return "SIGTERM";
    return signal == SIGINT ? "SIGINT" : "the terminal was closed";
}

}  // namespace

Client::Client(ClientConfig config, FirstFailure first_failure, std::function<void()> on_up)
    : not_yet_up_{config.tunnels.size()},
      not_yet_complete_{config.tunnels.size()},
      drain_{config.drain},
      on_up_{std::move(on_up)},
      tasks_{context_.get_executor(), [this](const std::exception_ptr& thrown) {
                 if (!failure_) failure_ = thrown;
             }} {
    add_unless_ignored(signals_, {SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2});
    start_threads(thread_count(config.tunnels, config.threads));
    const std::uint64_t window_memory =
        config.window_memory.value_or(default_window_memory(machine_memory()));
    const ClientContext shared{.executor = context_.get_executor(),
                               .next_thread = [this] { return next_thread(); },
                               .windows = std::make_shared<WindowBudget>(window_memory),
                               .resolver = resolver_,
                               .random = random_,
                               .ask = ask_on_terminal(),
                               .on_first_up = [this] { on_tunnel_up(); },
                               .on_complete = [this] { on_tunnel_complete(); }};
    for (TunnelSettings& settings : config.tunnels) {
        tunnels_.push_back(std::make_unique<Tunnel>(shared, std::move(settings), first_failure));
    }
}

void Client::start_threads(std::size_t wanted) {
    if (wanted < 2) return;
    for (std::size_t i = 0; i < wanted; ++i) {
        try {
            threads_.push_back(std::make_unique<IoThread>());
        } catch (const std::system_error& error) {
            // The limits of a container, or RLIMIT_NPROC: those that there are will do.
            log_error("only {} of {} threads can be started: {}", i, wanted,
                      error.code().message());
            break;
        }
    }
}

/// One after the other, so that a tunnel's connections are on as many as possible.
IoExecutor Client::next_thread() {
    if (threads_.empty()) return context_.get_executor();
    return threads_[threads_given_++ % threads_.size()]->executor();
}

void Client::run() {
    tasks_.spawn(obey_signals());
    running_ = tunnels_.size();
    for (const auto& tunnel : tunnels_) tasks_.spawn(run_tunnel(*tunnel));
    context_.run();
    if (failure_) std::rethrow_exception(failure_);
}

awaitable<void> Client::run_tunnel(Tunnel& tunnel) {
    std::exception_ptr why;
    try {
        co_await tunnel.run();
    } catch (const Error& error) {
        // The last error is main's to log.
        if (running_ > 1) log_error(error);
        why = std::current_exception();
    } catch (const std::exception& error) {
        if (running_ > 1) log_error("{}", error.what());
        why = std::current_exception();
    }
    if (--running_ > 0) co_return;
    signals_.cancel();
    if (why) std::rethrow_exception(why);
}

/// The next one that ends the program, 0 if none is waited for any more. The others are obeyed.
awaitable<int> Client::next_signal() {
    for (;;) {
        std::error_code cancelled;
        const int signal =
            co_await signals_.async_wait(asio::redirect_error(use_awaitable, cancelled));
        if (cancelled) co_return 0;
        switch (signal) {
            case SIGHUP:
                // A closed terminal is no reason to ask for a new log: nobody is there to end it.
                if (has_terminal_ && !has_terminal()) co_return signal;
                reopen_log_after_signal();
                break;
            case SIGUSR1:
            case SIGUSR2:
                break;
            default:
                co_return signal;
        }
    }
}

awaitable<void> Client::obey_signals() {
    const int signal = co_await next_signal();
    if (signal == 0) co_return;
    manager_.stopping(drain_);
    std::size_t streams = 0;
    for (const auto& tunnel : tunnels_) streams += tunnel->open_streams();
    if (streams > 0) {
        log_info("{}: {} still open: waiting up to {} s for the end; a second signal ends at once",
                 name_of_signal(signal),
                 streams == 1 ? "a stream is" : fmt::format("{} streams are", streams),
                 std::chrono::duration<double>(drain_).count());
    }
    for (const auto& tunnel : tunnels_) tunnel->drain();

    Timer deadline{context_, drain_};
    deadline.async_wait([this](const std::error_code&) { signals_.cancel(); });
    (void)co_await next_signal();
    for (const auto& tunnel : tunnels_) tunnel->end();
}

void Client::on_tunnel_complete() {
    if (--not_yet_complete_ == 0) manager_.ready("every forward is up");
}

void Client::on_tunnel_up() {
    if (--not_yet_up_ > 0) return;
    on_up_();
    // In the background it has none any more.
    has_terminal_ = has_terminal();
}

}  // namespace culvert
