#include "client/tunnel.hpp"

#include <algorithm>
#include <array>
#include <cassert>

#include <fmt/format.h>
#include <asio/steady_timer.hpp>

#include "client/engine_config.hpp"
#include "client/forward_spec.hpp"
#include "client/ssh_config_hint.hpp"
#include "common/base/error.hpp"
#include "common/base/escape.hpp"
#include "common/keys/fingerprint.hpp"
#include "common/log/log.hpp"
#include "common/net/both.hpp"
#include "common/net/dialer.hpp"
#include "common/net/tcp_options.hpp"

namespace culvert {
namespace {

constexpr Duration bind_lookup_time = std::chrono::seconds{10};
/// How often `up` tries a port that another program has.
constexpr Duration bind_retry_time = std::chrono::seconds{5};
/// Between the ConnectionAttempts of a first connection, as ssh waits.
constexpr Duration first_retry_time = std::chrono::seconds{1};

awaitable<void> pause(Duration time) {
    asio::steady_timer timer{co_await asio::this_coro::executor, time};
    co_await timer.async_wait(use_awaitable);
}

double seconds(Duration time) { return std::chrono::duration<double>(time).count(); }

}  // namespace

Tunnel::Tunnel(ClientContext context, TunnelSettings settings, FirstFailure first_failure)
    : context_{std::move(context)},
      settings_{std::move(settings)},
      identities_{settings_},
      first_failure_{first_failure},
      server_name_{to_string(settings_.server)},
      backoff_{context_.random},
      life_{context_.executor, [](const std::exception_ptr&) {}},
      accepting_{context_.executor,
                 [](const std::exception_ptr& thrown) {
                     log_error("a forward ended: {}", text_of_exception(thrown));
                 }},
      streams_{context_.executor, [](const std::exception_ptr& thrown) {
                   log_error("a stream ended: {}", text_of_exception(thrown));
               }} {
    for (const LocalForward& forward : settings_.forwards) forwards_.push_back({forward, {}});
}

awaitable<void> Tunnel::run() {
    std::exception_ptr why;
    try {
        co_await bind_forwards();
        life_.spawn(live());
        co_await life_over_.wait();
        why = why_over_;
    } catch (...) {
        why = std::current_exception();
    }
    co_await uncancellable();
    ending_ = true;
    co_await life_.join();
    co_await accepting_.join();
    co_await streams_.join();
    if (why) std::rethrow_exception(why);
}

awaitable<void> Tunnel::live() {
    try {
        co_await keep_connected();
    } catch (...) {
        if (!ended_.is_set()) why_over_ = std::current_exception();
    }
    life_over_.set();
}

void Tunnel::drain() {
    draining_ = true;
    accepting_.cancel();
    end_if_drained();
}

void Tunnel::end_if_drained() {
    // A stream that is over here may have its tail on the way: only the peer's CLOSE says that all
    // has arrived.
    const bool has_channels = session_ != nullptr && session_->channels() > 0;
    if (draining_ && open_streams_ == 0 && !has_channels) end();
}

void Tunnel::end() {
    ending_ = true;
    ended_.set();
    if (session_ != nullptr) {
        session_->end(DisconnectReason::by_application, "the client ends");
    } else {
        life_.cancel();  // it dials, or waits for the next try
    }
}

// ---------------------------------------------------------------------- listening

awaitable<void> Tunnel::bind_forwards() {
    std::size_t bound = 0;
    for (Forward& forward : forwards_) {
        if (co_await bind(forward, OnFailure::say_so)) {
            ++bound;
        } else if (first_failure_ == FirstFailure::is_outlived) {
            accepting_.spawn(bind_later(forward));
        }
    }
    const bool may_come = first_failure_ == FirstFailure::is_outlived;
    if (bound == 0 && !forwards_.empty() && !may_come) {
        throw Error{ErrorKind::network, "no forward could be set up"};
    }
}

awaitable<bool> Tunnel::bind(Forward& forward, OnFailure on_failure) {
    const LocalForward& wanted = forward.settings;
    try {
        const Endpoint where{wanted.bind.empty() ? "localhost" : wanted.bind, wanted.port};
        const auto endpoints = co_await listen_endpoints(context_.resolver, where, settings_.family,
                                                         Deadline{bind_lookup_time});
        forward.listener.emplace(context_.executor, endpoints);
    } catch (const Error& error) {
        if (settings_.exit_on_forward_failure) throw;
        const bool again = first_failure_ == FirstFailure::is_outlived;
        if (on_failure == OnFailure::say_so) {
            log_error("{}{}", error.what(), again ? "; trying again every 5 s" : "");
        }
        co_return false;
    }
    for (const auto& bound : forward.listener->bound()) {
        log_info("{}", ready_line(to_endpoint(bound), wanted.target));
    }
    accepting_.spawn(accept(forward));
    co_return true;
}

awaitable<void> Tunnel::bind_later(Forward& forward) {
    for (;;) {
        co_await pause(bind_retry_time);
        const bool bound = co_await bind(forward, OnFailure::keep_quiet);
        if (!bound) continue;
        announce_complete();
        co_return;
    }
}

awaitable<void> Tunnel::accept(Forward& forward) {
    Listener::Events events;
    events.on_accept = [this, &forward](Accepted accepted) {
        const auto peer = accepted.remote;
        try {
            auto socket = std::move(accepted).on(context_.executor);
            streams_.spawn(carry(std::move(socket), peer, forward.settings));
        } catch (const std::system_error& error) {
            log_error("{}: {}", to_string(peer), error.what());
        }
    };
    events.on_exhausted = [](std::error_code why) {
        log_error("accepting no connections for now: {}", why.message());
    };
    events.on_recovered = [](std::size_t failures) {
        log_info("accepting connections again, after {} failures", failures);
    };
    try {
        co_await forward.listener->run(std::move(events));
    } catch (...) {
        // Nobody may connect any more to a port behind which nobody accepts.
        forward.listener.reset();
        throw;
    }
}

// ---------------------------------------------------------------------- the connection

awaitable<void> Tunnel::keep_connected() {
    while (!ending_) {
        std::optional<Error> why;
        try {
            co_await connect_once();
        } catch (const Error& error) {
            why = with_context(server_name_, error);
        }
        // The streams went with the connection, and no others are taken.
        if (draining_) end();
        if (ending_) break;
        if (is_final(*why)) throw *why;
        co_await wait_before_retry(*why);
    }
}

/// No later try can go better, or nobody asked for one.
bool Tunnel::is_final(const Error& error) {
    const bool refused = error.kind() == ErrorKind::host_key ||
                         error.kind() == ErrorKind::authentication ||
                         error.kind() == ErrorKind::config || error.kind() == ErrorKind::usage;
    if (refused) return true;
    if (has_been_up_ || first_failure_ == FirstFailure::is_outlived) return false;
    return ++failures_before_up_ >= settings_.connection_attempts;
}

awaitable<void> Tunnel::wait_before_retry(const Error& why) {
    const bool first = !has_been_up_ && first_failure_ == FirstFailure::ends;
    const Duration wait = first ? first_retry_time : backoff_.next(Clock::now());
    const bool at_once = wait < std::chrono::milliseconds{50};
    const std::array fields{LogField{"tunnel", settings_.name}, LogField{"server", server_name_},
                            LogField{"next_try", seconds(wait)}};
    log_event(LogLevel::error, "down", fields,
              fmt::format("{}; next try {}", why.what(),
                          at_once ? "at once" : fmt::format("in {:.1f} s", seconds(wait))));
    co_await pause(wait);
}

awaitable<void> Tunnel::connect_once() {
    // GCC 12 makes nonsense of a co_await in a loop's condition.
    for (;;) {
        const bool once_more = co_await run_session();
        if (!once_more) co_return;
        log_verbose(
            "{}: the server ended the connection before every key was tried: once more, "
            "with the others",
            server_name_);
    }
}

awaitable<asio::ip::tcp::socket> Tunnel::dial_server() {
    DialOptions options;
    options.family = settings_.family;
    if (settings_.bind_address) {
        const auto address = parse_address(*settings_.bind_address);
        if (!address) {
            throw Error{ErrorKind::config, fmt::format("bind address {}: not an IP address",
                                                       escaped(*settings_.bind_address))};
        }
        options.bind.emplace(*address, std::uint16_t{0});
    }
    auto dialed = co_await dial(context_.resolver, settings_.server, options,
                                Deadline{settings_.connect_timeout});
    if (const auto* failure = std::get_if<DialFailure>(&dialed)) {
        std::string hint;
        if (failure->kind == DialFailure::Kind::name_not_found) {
            hint = ssh_config_hint_of_file(settings_.ssh_config, settings_.server.host);
        }
        throw Error{ErrorKind::network, failure->details + hint};
    }
    auto socket = std::get<asio::ip::tcp::socket>(std::move(dialed));
    if (settings_.tcp_keepalive) (void)set_tcp_keepalive(socket, TcpKeepalive::on);
    co_return socket;
}

/// One connection, to its end. True if it ended because the server wanted to see no more keys, or
/// didn't take the one that it took before, and there are others to try.
awaitable<bool> Tunnel::run_session() {
    auto socket = co_await dial_server();
    auto identities = co_await identities_.offer();
    const bool expects_success = identities.sure.has_value();
    log_debug("{}: reached; {} keys to try", server_name_, identities_.offered());
    Session session{std::move(socket), make_engine_config(settings_, std::move(identities)),
                    context_.random, *this};
    session_ = &session;
    if (ending_) end();
    std::exception_ptr why;
    bool refused = false;
    try {
        co_await session.run();
    } catch (const Error& error) {
        why = std::current_exception();
        refused =
            session.dismissed() || (expects_success && error.kind() == ErrorKind::authentication);
    } catch (...) {
        why = std::current_exception();
    }
    session_ = nullptr;
    if (refused && !session.authenticated() &&
        identities_.on_dismissed(session.userauth_client())) {
        co_return true;
    }
    if (why) std::rethrow_exception(why);
    co_return false;
}

awaitable<void> Tunnel::check_host_key(PublicKey key) {
    co_await culvert::check_host_key(settings_, key, context_.ask, context_.random);
    host_key_ = fmt::format("{} {}", key.algorithm(), fingerprint(key));
}

awaitable<std::optional<ByteVector>> Tunnel::sign(SignatureWanted wanted) {
    co_return co_await identities_.sign(std::move(wanted));
}

void Tunnel::on_banner(const BannerReceived& banner) {
    log_info("{} says: {}", server_name_, escaped(banner.text, 4096));
}

void Tunnel::on_authenticated(const Authenticated& authenticated) {
    identities_.on_accepted(authenticated.key);
    const std::string key = fingerprint(authenticated.key);
    const std::array fields{LogField{"tunnel", settings_.name}, LogField{"server", server_name_},
                            LogField{"user", settings_.user}, LogField{"key", key},
                            LogField{"host_key", *host_key_}};
    log_event(LogLevel::info, "connected", fields,
              fmt::format("connected to {} ({})", server_name_, *host_key_));
    log_verbose("{}: logged in as {} with {} {}; {}", server_name_, escaped(settings_.user),
                authenticated.key.algorithm(), key, describe(session_->transport()));
    backoff_.on_up(Clock::now());
    if (!std::exchange(has_been_up_, true)) context_.on_first_up();
    announce_complete();
}

void Tunnel::announce_complete() {
    const auto is_bound = [](const Forward& forward) { return forward.listener.has_value(); };
    const bool complete = has_been_up_ && std::ranges::all_of(forwards_, is_bound);
    if (complete && !std::exchange(has_been_complete_, true)) context_.on_complete();
}

void Tunnel::on_rekeyed() { log_verbose("{}: rekeyed", server_name_); }

void Tunnel::on_denied(const RequestDenied& denied) {
    log_verbose("{}: the server asked for {}: denied", server_name_, escaped(denied.what));
}

awaitable<bool> Tunnel::allows(KeyShown) {
    assert(!"only a server is shown a key");
    co_return false;
}

void Tunnel::on_channel_requested(ChannelRequested) {
    assert(!"the engine of a client refuses them");
}

}  // namespace culvert
