#include "client/client.hpp"

#include <signal.h>

#include <algorithm>
#include <system_error>
#include <thread>

#include <fmt/format.h>

#include "client/direct_connector.hpp"
#include "client/terminal.hpp"
#include "common/base/error.hpp"
#include "common/base/machine_memory.hpp"
#include "common/log/log.hpp"
#include "common/log/log_change.hpp"
#include "common/log/log_thrown.hpp"
#include "common/net/run_context.hpp"

namespace culvert {
namespace {

std::size_t thread_count(const std::vector<TunnelSettings>& tunnels, unsigned wanted) {
    std::size_t connections = 0;
    for (const TunnelSettings& tunnel : tunnels) connections += tunnel.connections;
    const unsigned most = wanted > 0 ? wanted : std::max(1U, std::thread::hardware_concurrency());
    return std::min<std::size_t>(most, connections);
}

std::uint64_t window_memory(const ClientConfig& config) {
    return config.window_memory.value_or(default_window_memory(machine_memory()));
}

std::string tunnels(std::size_t count) {
    return count == 1 ? "1 tunnel" : fmt::format("{} tunnels", count);
}

}  // namespace

Client::Client(ClientConfig config, FirstFailure first_failure, Hooks hooks)
    : at_start_{std::move(config.tunnels)},
      windows_{std::make_shared<WindowBudget>(window_memory(config))},
      drain_{config.drain},
      log_{config.log},
      hooks_{std::move(hooks)},
      signals_{context_, [this](int signal) { obey(signal); }},
      readiness_{
          context_.get_executor(),
          ServiceManager::of_process(),
          {.ready_timeout = config.ready_timeout},
          {.statuses = [this] { return tunnels_.statuses(); }, .on_up = [this] { on_up(); }}},
      tunnels_{ClientContext{.executor = context_.get_executor(),
                             .next_thread = [this] { return threads_.next(); },
                             .windows = windows_,
                             .resolver = resolver_,
                             .random = random_,
                             .ask = ask_on_terminal(),
                             .connector_for =
                                 [this](const TunnelSettings& settings) {
                                     return std::make_unique<DirectConnector>(settings, resolver_);
                                 },
                             .on_change = [this] { readiness_.on_change(); }},
               first_failure, [this] { signals_.stop_waiting(); }},
      tasks_{context_.get_executor(),
             [](const std::exception_ptr& thrown) { log_error("{}", text_of_exception(thrown)); }} {
    threads_.start(thread_count(at_start_, config.threads));
}

/// Every tunnel has been up.
void Client::on_up() {
    if (!hooks_.on_up) return;
    hooks_.on_up();
    // In the background it has no terminal any more.
    signals_.look_for_terminal();
}

ExitCode Client::run() {
    tunnels_.configure(std::move(at_start_), drain_);
    tasks_.spawn(obey_signals());
    readiness_.start();
    run_context(context_, &log_thrown);
    return asked_to_end_ ? exit_as_asked : tunnels_.exit_code();
}

// ---------------------------------------------------------------------- signals

awaitable<void> Client::obey_signals() {
    const int signal = co_await signals_.next_end();
    readiness_.stop_watching();
    if (signal == 0) co_return;
    asked_to_end_ = true;
    if (hooks_.on_ending) hooks_.on_ending();
    readiness_.on_stopping(drain_);
    if (const std::size_t streams = tunnels_.open_streams(); streams > 0) {
        log_info("{}: {} still open: waiting up to {} s for the end; a second signal ends at once",
                 name_of_end(signal),
                 streams == 1 ? "a stream is" : fmt::format("{} streams are", streams),
                 std::chrono::duration<double>(drain_).count());
    }
    tunnels_.drain();

    Timer deadline{context_, drain_};
    deadline.async_wait([this](const std::error_code& cancelled) {
        if (!cancelled) signals_.stop_waiting();
    });
    co_await signals_.next_end();
    tunnels_.end();
}

void Client::obey(int signal) {
    if (signal == SIGUSR1) log_status();
    if (signal != SIGHUP) return;
    reopen_log_after_signal();
    if (hooks_.reload && !asked_to_end_) reload();
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
    readiness_.on_reloading();
    try {
        ClientConfig fresh = hooks_.reload();
        threads_.start(thread_count(fresh.tunnels, fresh.threads));
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
    readiness_.on_reloaded();
}

}  // namespace culvert
