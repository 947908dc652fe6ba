#include "server/daemon.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <exception>
#include <iterator>
#include <new>
#include <thread>

#include <fmt/format.h>
#include <asio/post.hpp>
#include <asio/redirect_error.hpp>

#include "common/base/escape.hpp"
#include "common/base/machine_memory.hpp"
#include "common/base/memory_reserve.hpp"
#include "common/keys/fingerprint.hpp"
#include "common/log/log.hpp"
#include "common/log/log_change.hpp"
#include "common/log/log_thrown.hpp"
#include "common/net/address.hpp"
#include "common/net/pause.hpp"
#include "common/net/run_context.hpp"
#include "common/net/run_on.hpp"
#include "common/net/signals.hpp"
#include "common/net/timeout.hpp"

namespace culvert {
namespace {

/// How often the workers' load is measured, while there are connections.
constexpr Duration measuring_time = std::chrono::milliseconds{500};

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

std::uint64_t window_memory(const ServerConfig& config) {
    return config.limits.window_memory.value_or(default_window_memory(machine_memory()));
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

constexpr Duration listen_lookup_time = std::chrono::seconds{10};

template <class Listenings>
std::vector<asio::ip::tcp::endpoint> bound_of(const Listenings& all) {
    std::vector<asio::ip::tcp::endpoint> endpoints;
    for (const auto& one : all)
        std::ranges::copy(one->listener.bound(), std::back_inserter(endpoints));
    return endpoints;
}

}  // namespace

Daemon::Daemon(Loader load)
    : load_{std::move(load)},
      served_{load_(Loading::at_start)},
      windows_{std::make_shared<WindowBudget>(window_memory(*served_.config))},
      serving_{context_.get_executor(), [this](const auto& thrown) { fail(thrown); }},
      measuring_{context_.get_executor(), [this](const auto& thrown) { fail(thrown); }},
      reporting_{context_.get_executor(), [this](const auto& thrown) { fail(thrown); }} {
    use_log(served_.config->log);
    add_unless_ignored(signals_, {SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2});
    for (std::size_t i = 0; i < thread_count(*served_.config); ++i) {
        try {
            workers_.push_back(std::make_unique<Worker>(
                [this] { asio::post(context_, [this] { on_worker_idle(); }); }));
        } catch (const std::system_error& error) {
            // The limits of a container, or RLIMIT_NPROC: those that there are will do.
            const std::string why =
                fmt::format("only {} of {} threads can be started: {}", i,
                            thread_count(*served_.config), error.code().message());
            if (workers_.empty()) throw Error{ErrorKind::internal, why};
            log_error("{}", why);
            break;
        }
    }
}

void Daemon::run() {
    serving_.spawn(serve());
    reporting_.spawn(report_repeats());
    run_context(context_, &log_thrown);
    for (const auto& worker : workers_) worker->stop();
    // A name may still be looked up, or a file read, for somebody who has gone: the answer must not
    // reach for an io_context that goes now.
    resolver_.close();
    key_reader_.close();
    workers_.clear();
    repeats_.for_each([](RepeatLimit& limit) { limit.log_rest(LogLevel::info); });
    repeats_.probes.log_rest();
    if (failure_) std::rethrow_exception(failure_);
}

void Daemon::fail(const std::exception_ptr& why) {
    if (!failure_) failure_ = why;
    signals_.cancel();
}

awaitable<void> Daemon::serve() {
    int signal = 0;
    try {
        listening_ = co_await listen(*served_.config, {});
        manager_.ready("listening");
        signal = co_await obey_signals();
    } catch (...) {
        fail(std::current_exception());
    }
    co_await uncancellable();
    // At once, so that another daemon can take the place.
    for (auto& listening : listening_) co_await listening->accepting.join();
    listening_.clear();
    co_await measuring_.join();
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
    constexpr std::size_t most_lines = 50;
    Worker::Status all;
    for (const auto& worker : workers_) {
        const std::size_t left = most_lines - all.lines.size();
        const auto status = co_await run_on(worker->executor(), worker->status(left));
        all.logged_in += status.logged_in;
        all.streams += status.streams;
        std::ranges::copy(status.lines, std::back_inserter(all.lines));
    }
    const std::size_t open = connections();
    const double seconds = std::chrono::duration<double>(Clock::now() - began_).count();
    const std::array fields{LogField{"connections", std::uint64_t{open}},
                            LogField{"logged_in", std::uint64_t{all.logged_in}},
                            LogField{"streams", std::uint64_t{all.streams}},
                            LogField{"seconds", seconds}};
    log_event(
        LogLevel::info, "status", fields,
        fmt::format("SIGUSR1: up for {:.0f} s: {}, {} logged in, {}", seconds,
                    counted(open, "connection"), all.logged_in, counted(all.streams, "stream")));
    for (const auto& listening : listening_) {
        for (const auto& bound : listening->listener.bound()) {
            log_info("SIGUSR1: listens on {}", to_string(bound));
        }
    }
    for (const std::string& line : all.lines) log_info("SIGUSR1: {}", line);
    if (open > all.lines.size()) {
        log_info("SIGUSR1: and {} more", counted(open - all.lines.size(), "connection"));
    }
}

awaitable<void> Daemon::reload() {
    const Served before = served_;
    Listenings listening_before = listening_;
    const bool taken = co_await attempt("SIGHUP: the configuration stays as it was",
                                        [this] { return take_configuration(); });
    if (!taken) co_return;
    co_await attempt("SIGHUP: the new configuration holds, but not all is done",
                     [&] { return follow_configuration(before, std::move(listening_before)); });
}

/// All of it, or nothing: what throws leaves all as it was.
awaitable<void> Daemon::take_configuration() {
    Served fresh = load_(Loading::at_reload);
    const std::uint64_t fresh_window_memory = window_memory(*fresh.config);
    auto broker =
        std::make_shared<SystemBroker>(fresh.config, fresh.host_key, resolver_, key_reader_);
    LogChange log{served_.config->log, fresh.config->log};
    Listenings listening = co_await listen(*fresh.config, listening_);
    log.keep();
    listening_ = std::move(listening);
    served_ = std::move(fresh);
    broker_ = std::move(broker);
    windows_->set_limit(fresh_window_memory);
}

/// What is left to do when a new configuration has taken the place of another.
awaitable<void> Daemon::follow_configuration(const Served& before, Listenings listening_before) {
    co_await give_up(std::move(listening_before));
    if (thread_count(*served_.config) != thread_count(*before.config)) {
        log_info("the number of threads changes at the next start");
    }
    log_changed_host_key(*before.host_key, *served_.host_key);
    log_info("SIGHUP: the new configuration holds for new connections");
}

awaitable<void> Daemon::drain(std::string_view signal) {
    manager_.stopping(served_.config->limits.drain);
    const std::size_t open = connections();
    if (open == 0) {
        log_info("{}: no connection is open; ending", signal);
    } else {
        log_info("{}: waiting up to {} s for the open streams to end", signal,
                 std::chrono::ceil<std::chrono::seconds>(served_.config->limits.drain).count());
    }
    for (const auto& worker : workers_) worker->drain();
    TaskGroup cutting{context_.get_executor(), [](const std::exception_ptr&) {}};
    cutting.spawn(cut_drain_short());
    const bool in_time = co_await with_timeout(wait_until_drained(), served_.config->limits.drain);
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

void Daemon::on_worker_idle() {
    if (++idle_workers_ == workers_.size()) drained_.set();
}

void Daemon::on_accept(Accepted accepted) {
    try {
        admit(std::move(accepted));
    } catch (const std::bad_alloc&) {
        log_error("out of memory: a new connection was closed");
    }
}

void Daemon::admit(Accepted accepted) {
    auto ticket =
        admission_.admit(to_ip_address(accepted.remote.address()), served_.config->limits);
    if (!ticket) return turn_away(accepted, too_many);
    if (!has_memory()) return turn_away(accepted, no_memory);
    least_loaded_worker().serve({served_.config, windows_, broker_, random_, repeats_},
                                std::move(accepted), std::move(*ticket));
    if (measuring_.empty()) measuring_.spawn(measure_load());
}

void Daemon::turn_away(const Accepted& accepted, std::string_view why) {
    repeats_.turned_away.log(LogLevel::info, why, "{}: turned away: {}", to_string(accepted.remote),
                             why);
    const std::string line = fmt::format("culvertd: {}; try again later\r\n", why);
    // Best effort: a new socket has room for a line.
    (void)::send(accepted.fd.get(), line.data(), line.size(), MSG_NOSIGNAL);
}

std::size_t Daemon::connections() const {
    std::size_t all = 0;
    for (const auto& worker : workers_) all += worker->connections();
    return all;
}

/// As long as anybody is connected: a worker without connections is idle.
awaitable<void> Daemon::measure_load() {
    TimePoint before = Clock::now();
    while (connections() > 0) {
        co_await pause(measuring_time);
        const TimePoint now = Clock::now();
        for (const auto& worker : workers_) worker->measure_load(now - before);
        before = now;
    }
    for (const auto& worker : workers_) worker->forget_load();
}

awaitable<void> Daemon::report_repeats() {
    for (;;) {
        co_await pause(RepeatLimit::span);
        const TimePoint now = Clock::now();
        repeats_.for_each([now](RepeatLimit& limit) { limit.report(LogLevel::info, now); });
        repeats_.probes.report(now);
    }
}

Worker& Daemon::least_loaded_worker() {
    std::vector<Candidate> candidates;
    for (const auto& worker : workers_) {
        candidates.push_back({worker->load(), worker->connections()});
    }
    return *workers_[least_loaded(candidates)];
}

// ---------------------------------------------------------------------- listening

/// What `config` listens on. Names that are listened on already aren't looked up again.
awaitable<std::vector<ListenEntry>> Daemon::listen_entries(const ServerConfig& config,
                                                           const Listenings& before) {
    std::vector<ListenEntry> entries;
    for (const Endpoint& where : config.listen) {
        const auto known = std::ranges::find(
            before, where, [](const auto& listening) { return listening->entry.where; });
        if (known != before.end()) {
            entries.push_back({where, (*known)->entry.addresses});
            continue;
        }
        auto endpoints = co_await listen_endpoints(resolver_, where, AddressFamily::any,
                                                   Deadline{listen_lookup_time});
        entries.push_back({where, std::move(endpoints)});
    }
    co_return entries;
}

/// Listens on what `config` says. An entry of `before` that stays the same is taken over as it is,
/// and the sockets of the others where their addresses are still wanted. Throws if an address can't
/// be had; `before` is as it was then.
awaitable<Daemon::Listenings> Daemon::listen(const ServerConfig& config, const Listenings& before) {
    auto entries = co_await listen_entries(config, before);
    for (const std::string& warning : drop_covered(entries)) log_info("listen: {}", warning);
    std::vector<const Listener*> listeners;
    for (const auto& old : before) listeners.push_back(&old->listener);
    Listenings left = before;
    Listenings all;
    Listenings fresh;
    for (ListenEntry& entry : entries) {
        const auto same =
            std::ranges::find(left, entry, [](const auto& listening) { return listening->entry; });
        if (same != left.end()) {
            all.push_back(*same);
            left.erase(same);
            continue;
        }
        fresh.push_back(std::make_shared<Listening>(context_.get_executor(), std::move(entry),
                                                    listeners,
                                                    [this](const auto& thrown) { fail(thrown); }));
        all.push_back(fresh.back());
    }
    const auto bound_before = bound_of(before);
    for (const auto& listening : fresh) {
        for (const auto& bound : listening->listener.bound()) {
            if (std::ranges::find(bound_before, bound) != bound_before.end()) continue;
            log_info("listening on {}", to_string(bound));
        }
    }
    co_await start_accepting(fresh);
    co_return all;
}

/// Ends those of `old` that aren't in `listening_`.
awaitable<void> Daemon::give_up(Listenings old) {
    const auto has = [](const auto& list, const auto& one) {
        return std::ranges::find(list, one) != list.end();
    };
    std::erase_if(old, [&](const auto& listening) { return has(listening_, listening); });
    // First of all: what fails later must not find a task that accepts.
    for (const auto& listening : old) co_await listening->accepting.join();
    const auto bound_now = bound_of(listening_);
    for (auto& listening : old) {
        if (const auto why = listening->listener.accept_rest(accept_events())) {
            log_error("{}: connections that waited to be accepted are reset: {}",
                      escaped(to_string(listening->entry.where)), why.message());
        }
        const auto bound_before = listening->listener.bound();
        listening.reset();
        for (const auto& bound : bound_before) {
            if (!has(bound_now, bound)) log_info("no longer listening on {}", to_string(bound));
        }
    }
}

/// On all of them, or on none.
awaitable<void> Daemon::start_accepting(const Listenings& fresh) {
    std::exception_ptr failure;
    try {
        for (const auto& listening : fresh) {
            listening->accepting.spawn(listening->listener.run(accept_events()));
        }
    } catch (...) {
        failure = std::current_exception();
    }
    if (!failure) co_return;
    for (const auto& listening : fresh) co_await listening->accepting.join();
    std::rethrow_exception(failure);
}

Listener::Events Daemon::accept_events() {
    return {.on_accept = [this](Accepted accepted) { on_accept(std::move(accepted)); },
            .on_exhausted =
                [](std::error_code why) {
                    log_error("accepting no connections for now: {}", why.message());
                },
            .on_recovered =
                [](std::size_t failures) {
                    log_info("accepting connections again, after {} failures", failures);
                }};
}

}  // namespace culvert
