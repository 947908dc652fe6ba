#include "server/daemon.hpp"

#include <signal.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <new>
#include <string>
#include <thread>
#include <utility>

#include <fmt/format.h>

#include "common/base/memory_reserve.hpp"
#include "common/keys/fingerprint.hpp"
#include "common/log/log.hpp"
#include "common/log/log_change.hpp"
#include "common/log/log_thrown.hpp"
#include "common/net/address.hpp"
#include "common/net/pause.hpp"
#include "common/net/run_context.hpp"
#include "common/net/signals.hpp"
#include "common/net/timeout.hpp"

namespace culvert {
namespace {

/// RFC 4253 4.2 lets a server send lines before its version; ssh shows them.
constexpr std::string_view too_many = "too many connections that have not logged in";
constexpr std::string_view no_memory = "out of memory";

std::string counted(std::size_t count, std::string_view thing) {
    return fmt::format("{} {}{}", count, thing, count == 1 ? "" : "s");
}

std::size_t thread_count(const ServerConfig& config) {
    if (config.threads > 0) return config.threads;
    return std::max(1U, std::thread::hardware_concurrency());
}

/// What is up, line by line, and how many of `all` have no line.
void log_each(const std::vector<std::string>& lines, std::size_t all, std::string_view thing) {
    for (const std::string& line : lines) log_info("SIGUSR1: {}", line);
    if (all > lines.size()) log_info("SIGUSR1: and {} more", counted(all - lines.size(), thing));
}

/// Does what a signal asks for, and returns whether it was done: the daemon goes on if it wasn't.
template <class Function>
awaitable<bool> attempt(std::string_view what_not_done, Function function) {
    try {
        co_await function();
    } catch (const std::exception&) {
        log_not_done(what_not_done, std::current_exception());
        co_return false;
    }
    co_return true;
}

/// Clients that know the old key refuse the new one, so it must not change unseen.
void log_changed_host_key(const PrivateKey& before, const PrivateKey& now) {
    if (before.public_key() == now.public_key()) return;
    const std::string text =
        fmt::format("SIGHUP: the host key changes from {} to {}", fingerprint(before.public_key()),
                    fingerprint(now.public_key()));
    log_event(LogLevel::info, {}, {}, text, "clients that know the old key refuse the new one");
}

}  // namespace

Daemon::Daemon(Loader load, MakeBroker make_broker)
    : load_{std::move(load)},
      resources_{load_(Loading::at_start), std::move(make_broker)},
      listeners_{context_.get_executor(),
                 [this](Accepted accepted) { on_accept(std::move(accepted)); },
                 [this](const auto& thrown) { fail(thrown); }},
      serving_{context_.get_executor(), [this](const auto& thrown) { fail(thrown); }},
      reporting_{context_.get_executor(), [this](const auto& thrown) { fail(thrown); }},
      workers_{context_.get_executor(), [this] { drained_.set(); },
               [this](const auto& thrown) { fail(thrown); }} {
    use_log(resources_.config().log);
    add_unless_ignored(signals_, {SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2});
    workers_.start(thread_count(resources_.config()));
}

void Daemon::run() {
    serving_.spawn(serve());
    reporting_.spawn(report_repeats());
    run_context(context_, &log_thrown);
    workers_.stop();
    resources_.close();
    resources_.log_rest_of_repeats();
    if (failure_) std::rethrow_exception(failure_);
}

void Daemon::fail(const std::exception_ptr& why) {
    if (!failure_) failure_ = why;
    signals_.cancel();
}

awaitable<void> Daemon::serve() {
    int signal = 0;
    try {
        co_await listeners_.listen(resources_.broker(), resources_.config().listen);
        manager_.ready("listening");
        signal = co_await obey_signals();
    } catch (...) {
        fail(std::current_exception());
    }
    co_await uncancellable();
    // At once, so that another daemon can take the place.
    co_await listeners_.close();
    co_await workers_.stop_measuring();
    if (!failure_) co_await drain(signal == SIGTERM ? "SIGTERM" : "SIGINT");
    co_await reporting_.join();
}

/// Reloads as often as it is told to; returns with the signal that ends the daemon.
awaitable<int> Daemon::obey_signals() {
    for (;;) {
        const int signal = co_await next_signal();
        if (signal != SIGHUP) co_return signal;
        manager_.reloading();
        co_await reload();
        manager_.ready("listening");
    }
}

/// The next one that changes what it does; the others are obeyed here.
awaitable<int> Daemon::next_signal() {
    for (;;) {
        const int signal = co_await signals_.async_wait(use_awaitable);
        if (signal == SIGUSR1) {
            co_await attempt("SIGUSR1: the status can't be told", [this] { return log_status(); });
        }
        if (signal == SIGHUP) reopen_log_after_signal();
        if (signal != SIGUSR1 && signal != SIGUSR2) co_return signal;
    }
}

awaitable<void> Daemon::log_status() {
    constexpr Worker::MostLines most{.connections = 50, .streams = 50};
    const Worker::Status all = co_await workers_.status(most);
    const std::size_t open = workers_.connections();
    const double seconds = std::chrono::duration<double>(Clock::now() - began_).count();
    const std::array fields{LogField{"connections", std::uint64_t{open}},
                            LogField{"logged_in", std::uint64_t{all.logged_in}},
                            LogField{"streams", std::uint64_t{all.streams}},
                            LogField{"seconds", seconds}};
    log_event(
        LogLevel::info, "status", fields,
        fmt::format("SIGUSR1: up for {:.0f} s: {}, {} logged in, {}", seconds,
                    counted(open, "connection"), all.logged_in, counted(all.streams, "stream")));
    for (const auto& bound : listeners_.bound()) {
        log_info("SIGUSR1: listens on {}", to_string(bound));
    }
    log_each(all.connection_lines, open, "connection");
    log_each(all.stream_lines, all.streams, "stream");
}

awaitable<void> Daemon::reload() {
    const Served before = resources_.served();
    const bool taken = co_await attempt("SIGHUP: the configuration stays as it was",
                                        [this] { return take_configuration(); });
    if (!taken) co_return;
    co_await attempt("SIGHUP: the new configuration holds, but not all is done",
                     [&] { return follow_configuration(before); });
}

/// All of it, or nothing: what throws leaves all as it was.
awaitable<void> Daemon::take_configuration() {
    Served fresh = load_(Loading::at_reload);
    auto broker = resources_.broker_for(fresh);
    LogChange log{resources_.config().log, fresh.config->log};
    co_await listeners_.listen(*broker, fresh.config->listen);
    log.keep();
    resources_.replace(std::move(fresh), std::move(broker));
}

/// What is left to do when a new configuration has taken the place of another.
awaitable<void> Daemon::follow_configuration(const Served& before) {
    co_await listeners_.close_replaced();
    if (thread_count(resources_.config()) != thread_count(*before.config)) {
        log_info("the number of threads changes at the next start");
    }
    log_changed_host_key(*before.host_key, *resources_.served().host_key);
    log_info("SIGHUP: the new configuration holds for new connections");
}

awaitable<void> Daemon::drain(std::string_view signal) {
    const std::chrono::milliseconds limit = resources_.config().limits.drain;
    manager_.stopping(limit);
    const std::size_t open = workers_.connections();
    if (open == 0) {
        log_info("{}: no connection is open; ending", signal);
    } else {
        log_info("{}: waiting up to {} s for the open streams to end", signal,
                 std::chrono::ceil<std::chrono::seconds>(limit).count());
    }
    workers_.drain();
    TaskGroup cutting{context_.get_executor(), [](const std::exception_ptr&) {}};
    cutting.spawn(cut_drain_short());
    const bool in_time = co_await with_timeout(wait_until_drained(), limit);
    if (!in_time) {
        log_info("streams are still open after that time; ending them");
    }
    co_await cutting.join();
}

awaitable<void> Daemon::wait_until_drained() { co_await drained_.wait(); }

awaitable<void> Daemon::cut_drain_short() {
    for (;;) {
        const int signal = co_await next_signal();
        if (signal != SIGHUP) break;
    }
    drained_.set();
}

void Daemon::on_accept(Accepted accepted) {
    try {
        admit(std::move(accepted));
    } catch (const std::bad_alloc&) {
        log_error("out of memory: a new connection was closed");
    }
}

void Daemon::admit(Accepted accepted) {
    auto ticket = resources_.admit(to_ip_address(accepted.remote.address()));
    if (!ticket) return turn_away(accepted, too_many);
    if (!has_memory()) return turn_away(accepted, no_memory);
    workers_.serve(resources_.context(), std::move(accepted), std::move(*ticket));
}

void Daemon::turn_away(const Accepted& accepted, std::string_view why) {
    resources_.repeats().turned_away.log(LogLevel::info, why, "{}: turned away: {}",
                                         to_string(accepted.remote), why);
    const std::string line = fmt::format("culvertd: {}; try again later\r\n", why);
    // Best effort: a new socket has room for a line.
    (void)::send(accepted.fd.get(), line.data(), line.size(), MSG_NOSIGNAL);
}

awaitable<void> Daemon::report_repeats() {
    for (;;) {
        co_await pause(RepeatLimit::span);
        resources_.report_repeats(Clock::now());
    }
}

}  // namespace culvert
