#include "server/daemon.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <thread>

#include <asio/post.hpp>
#include <asio/redirect_error.hpp>

#include "common/log/log.hpp"
#include "common/net/address.hpp"
#include "common/net/timeout.hpp"

namespace culvert {
namespace {

constexpr Duration listen_lookup_time = std::chrono::seconds{10};

/// RFC 4253 4.2 lets a server send lines before its version; ssh shows them.
constexpr std::string_view turned_away =
    "culvertd: too many connections that have not logged in; try again later\r\n";

std::size_t thread_count(const ServerConfig& config) {
    if (config.threads > 0) return config.threads;
    return std::max(1U, std::thread::hardware_concurrency());
}

}  // namespace

Daemon::Daemon(std::shared_ptr<const ServerConfig> config,
               std::shared_ptr<const PrivateKey> host_key)
    : config_{std::move(config)},
      host_key_{std::move(host_key)},
      accepting_{context_.get_executor(), [this](const auto& thrown) { fail(thrown); }},
      serving_{context_.get_executor(), [this](const auto& thrown) { fail(thrown); }} {
    for (std::size_t i = 0; i < thread_count(*config_); ++i) {
        workers_.push_back(std::make_unique<Worker>(
            [this] { asio::post(context_, [this] { on_worker_idle(); }); }));
    }
}

void Daemon::run() {
    serving_.spawn(serve());
    context_.run();
    for (const auto& worker : workers_) worker->stop();
    // A name may still be looked up for somebody who has gone: the answer must not reach for an
    // io_context that goes now.
    resolver_.close();
    workers_.clear();
    if (failure_) std::rethrow_exception(failure_);
}

void Daemon::fail(const std::exception_ptr& why) {
    if (!failure_) failure_ = why;
    signals_.cancel();
}

awaitable<void> Daemon::serve() {
    try {
        co_await listen();
    } catch (...) {
        fail(std::current_exception());
    }
    std::error_code cancelled;
    int signal = 0;
    if (!failure_) {
        signal = co_await signals_.async_wait(asio::redirect_error(use_awaitable, cancelled));
    }
    co_await accepting_.join();
    listeners_.clear();  // at once, so that another daemon can take the place
    if (failure_) co_return;

    const std::string_view name = signal == SIGTERM ? "SIGTERM" : "SIGINT";
    if (connections() == 0) {
        log_info("{}: ending", name);
    } else {
        log_info("{}: draining for up to {} s", name,
                 std::chrono::ceil<std::chrono::seconds>(config_->limits.drain).count());
    }
    for (const auto& worker : workers_) worker->drain();
    accepting_.spawn(cut_drain_short());
    if (!co_await with_timeout(wait_until_drained(), config_->limits.drain)) {
        log_info("not drained in time: ending what is left");
    }
    co_await accepting_.join();
}

awaitable<void> Daemon::wait_until_drained() { co_await drained_.wait(); }

awaitable<void> Daemon::cut_drain_short() {
    co_await signals_.async_wait(use_awaitable);
    drained_.set();
}

void Daemon::on_worker_idle() {
    if (++idle_workers_ == workers_.size()) drained_.set();
}

awaitable<void> Daemon::listen() {
    for (const Endpoint& where : config_->listen) {
        const auto endpoints = co_await listen_endpoints(resolver_, where, AddressFamily::any,
                                                         Deadline{listen_lookup_time});
        listeners_.emplace_back(context_.get_executor(), endpoints);
    }
    for (Listener& listener : listeners_) {
        for (const auto& bound : listener.bound()) log_info("listening on {}", to_string(bound));
        accepting_.spawn(listener.run(
            {.on_accept = [this](Accepted accepted) { on_accept(std::move(accepted)); },
             .on_exhausted =
                 [](std::error_code why) {
                     log_error("accepting no connections for now: {}", why.message());
                 },
             .on_recovered =
                 [](std::size_t failures) {
                     log_info("accepting connections again, after {} failures", failures);
                 }}));
    }
}

void Daemon::on_accept(Accepted accepted) {
    auto ticket = admission_.admit(to_ip_address(accepted.remote.address()), config_->limits);
    if (!ticket) {
        if (turned_away_++ == 0) {
            log_info("{}: turned away: too many connections that have not logged in",
                     to_string(accepted.remote));
        }
        // Best effort: a new socket has room for a line.
        (void)::send(accepted.fd.get(), turned_away.data(), turned_away.size(), MSG_NOSIGNAL);
        return;
    }
    if (turned_away_ > 1) log_info("turned {} connections away", turned_away_);
    turned_away_ = 0;
    least_loaded().serve({config_, host_key_, resolver_, random_}, std::move(accepted),
                         std::move(*ticket));
}

std::size_t Daemon::connections() const {
    std::size_t all = 0;
    for (const auto& worker : workers_) all += worker->connections();
    return all;
}

Worker& Daemon::least_loaded() {
    return **std::ranges::min_element(
        workers_, {}, [](const std::unique_ptr<Worker>& worker) { return worker->connections(); });
}

}  // namespace culvert
