#include "client/client.hpp"

#include <algorithm>
#include <system_error>
#include <thread>

#include <fmt/format.h>
#include <asio/post.hpp>
#include <asio/redirect_error.hpp>

#include "client/direct_connector.hpp"
#include "client/terminal.hpp"
#include "common/base/error.hpp"
#include "common/base/machine_memory.hpp"
#include "common/log/log.hpp"
#include "common/log/log_change.hpp"
#include "common/log/log_thrown.hpp"
#include "common/net/pause.hpp"
#include "common/net/run_context.hpp"
#include "common/net/signals.hpp"

namespace culvert {
namespace {

/// A start that takes longer than this is reported in STATUS=.
constexpr Duration quick_start = std::chrono::seconds{1};

std::size_t thread_count(const std::vector<TunnelSettings>& tunnels, unsigned wanted) {
    std::size_t connections = 0;
    for (const TunnelSettings& tunnel : tunnels) connections += tunnel.connections;
    const unsigned most = wanted > 0 ? wanted : std::max(1U, std::thread::hardware_concurrency());
    return std::min<std::size_t>(most, connections);
}

std::uint64_t window_memory(const ClientConfig& config) {
    return config.window_memory.value_or(default_window_memory(machine_memory()));
}

void log_failure(const std::exception_ptr& thrown) { log_error("{}", text_of_exception(thrown)); }

bool has_failed(const TunnelStatus& tunnel) {
    return tunnel.ended || !tunnel.failure.empty() || !tunnel.not_bound.empty();
}

std::string tunnels(std::size_t count) {
    return count == 1 ? "1 tunnel" : fmt::format("{} tunnels", count);
}

std::string_view name_of_signal(int signal) {
    if (signal == SIGTERM) return "SIGTERM";
    return signal == SIGINT ? "SIGINT" : "the terminal was closed";
}

}  // namespace

Client::Client(ClientConfig config, FirstFailure first_failure, Hooks hooks)
    : at_start_{std::move(config.tunnels)},
      windows_{std::make_shared<WindowBudget>(window_memory(config))},
      drain_{config.drain},
      log_{config.log},
      hooks_{std::move(hooks)},
      ready_timeout_{config.ready_timeout},
      tunnels_{ClientContext{.executor = context_.get_executor(),
                             .next_thread = [this] { return next_thread(); },
                             .windows = windows_,
                             .resolver = resolver_,
                             .random = random_,
                             .ask = ask_on_terminal(),
                             .connector_for =
                                 [this](const TunnelSettings& settings) {
                                     return std::make_unique<DirectConnector>(settings, resolver_);
                                 },
                             .on_change = [this] { on_change(); }},
               first_failure, [this] { stop_waiting_for_signals(); }},
      tasks_{context_.get_executor(), &log_failure},
      starting_{context_.get_executor(), &log_failure} {
    start_threads(thread_count(at_start_, config.threads));
    add_unless_ignored(signals_, {SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2});
}

/// As many as are wanted in all: those that run already stay.
void Client::start_threads(std::size_t wanted) {
    if (wanted < 2) return;
    while (threads_.size() < wanted) {
        try {
            threads_.push_back(std::make_unique<IoThread>(&log_thrown));
        } catch (const std::system_error& error) {
            // The limits of a container, or RLIMIT_NPROC: those that there are will do.
            log_error("only {} of {} threads can be started: {}", threads_.size(), wanted,
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

ExitCode Client::run() {
    tunnels_.configure(std::move(at_start_), drain_);
    tasks_.spawn(obey_signals());
    if (ready_timeout_ > default_ready_timeout) manager_.starting(ready_timeout_);
    starting_.spawn(watch_start());
    run_context(context_, &log_thrown);
    return asked_to_end_ ? exit_as_asked : tunnels_.exit_code();
}

// ---------------------------------------------------------------------- signals

awaitable<void> Client::obey_signals() {
    const int signal = co_await next_signal();
    starting_.cancel();
    if (signal == 0) co_return;
    asked_to_end_ = true;
    if (hooks_.on_ending) hooks_.on_ending();
    manager_.stopping(drain_);
    if (const std::size_t streams = tunnels_.open_streams(); streams > 0) {
        log_info("{}: {} still open: waiting up to {} s for the end; a second signal ends at once",
                 name_of_signal(signal),
                 streams == 1 ? "a stream is" : fmt::format("{} streams are", streams),
                 std::chrono::duration<double>(drain_).count());
    }
    tunnels_.drain();

    Timer deadline{context_, drain_};
    deadline.async_wait([this](const std::error_code& cancelled) {
        if (!cancelled) stop_waiting_for_signals();
    });
    co_await next_signal();
    tunnels_.end();
}

/// The next one that ends the program, 0 if none is waited for any more. The others are obeyed.
awaitable<int> Client::next_signal() {
    while (waits_for_signals_) {
        std::error_code cancelled;
        const int signal =
            co_await signals_.async_wait(asio::redirect_error(use_awaitable, cancelled));
        if (cancelled) break;
        // A closed terminal asks for no new log: no one could end the program from it.
        const bool is_hangup = signal == SIGHUP && has_terminal_ && !has_terminal();
        if (is_hangup || signal == SIGTERM || signal == SIGINT) co_return signal;
        try {
            obey(signal);
        } catch (const std::exception&) {
            // The next one is waited for all the same: it may be the one that ends the program.
            log_not_done("a signal wasn't obeyed", std::current_exception());
        }
    }
    co_return 0;
}

void Client::obey(int signal) {
    if (signal == SIGUSR1) log_status();
    if (signal != SIGHUP) return;
    reopen_log_after_signal();
    if (hooks_.reload && !asked_to_end_) reload();
}

void Client::stop_waiting_for_signals() {
    waits_for_signals_ = false;
    signals_.cancel();
}

void Client::log_status() const {
    for (const TunnelStatus& tunnel : tunnels_.statuses()) {
        log_info("SIGUSR1: {}; {} open{}", describe(tunnel),
                 tunnel.streams == 1 ? "1 stream" : fmt::format("{} streams", tunnel.streams),
                 tunnel.log_tag);
    }
}

/// All of it, or nothing.
TunnelSet::Changes Client::configure(std::vector<TunnelSettings> tunnels,
                                     std::chrono::milliseconds drain, const LogSettings& log) {
    LogChange change{log_, log};
    const auto changes = tunnels_.configure(std::move(tunnels), drain);
    change.keep();
    log_ = log;
    return changes;
}

void Client::reload() {
    if (start_ == Start::over) manager_.reloading();
    try {
        ClientConfig fresh = hooks_.reload();
        start_threads(thread_count(fresh.tunnels, fresh.threads));
        const auto changes = configure(std::move(fresh.tunnels), fresh.drain, fresh.log);
        windows_->set_limit(window_memory(fresh));
        drain_ = fresh.drain;
        log_info(
            "SIGHUP: the new configuration holds: {} unchanged, {} started, {} restarted, {} "
            "removed",
            tunnels(changes.kept), changes.started, changes.restarted, changes.removed);
    } catch (const std::exception&) {
        log_not_done("SIGHUP: the configuration stays as it was", std::current_exception());
    }
    if (start_ != Start::over) return;
    told_status_ = describe(tunnels_.statuses());
    manager_.ready(told_status_);
}

// ---------------------------------------------------------------------- what others are told

/// Once for all that changes in this turn.
void Client::on_change() {
    if (std::exchange(change_is_posted_, true)) return;
    asio::post(context_, [this] {
        change_is_posted_ = false;
        follow_change();
    });
}

void Client::follow_change() {
    const std::vector<TunnelStatus> all = tunnels_.statuses();
    if (hooks_.on_up && std::ranges::all_of(all, &TunnelStatus::has_been_up)) {
        std::exchange(hooks_.on_up, nullptr)();
        // In the background it has none any more.
        has_terminal_ = has_terminal();
    }
    if (asked_to_end_) return;
    std::string status = describe(all);
    if (start_ != Start::over && (is_ready(all) || start_ == Start::too_slow)) {
        start_ = Start::over;
        starting_.cancel();
        manager_.ready(status);
    } else {
        // STATUS= skips the states that last for moments before READY.
        const bool is_news = start_ != Start::quick || std::ranges::any_of(all, &has_failed);
        if (!is_news || status == told_status_) return;
        manager_.status(status);
    }
    told_status_ = std::move(status);
}

awaitable<void> Client::watch_start() {
    const Duration quick = std::min<Duration>(quick_start, ready_timeout_);
    co_await pause(quick);
    start_ = Start::slow;
    follow_change();
    co_await pause(ready_timeout_ - quick);
    start_ = Start::too_slow;
    follow_change();
}

}  // namespace culvert
