#include "client/client_connection.hpp"

#include <cassert>
#include <new>
#include <utility>

#include <fmt/format.h>
#include <asio/dispatch.hpp>
#include <asio/post.hpp>

#include "client/engine_config.hpp"
#include "client/ssh_config_hint.hpp"
#include "common/base/error.hpp"
#include "common/base/escape.hpp"
#include "common/base/memory_reserve.hpp"
#include "common/forward/inbound_stream.hpp"
#include "common/keys/fingerprint.hpp"
#include "common/log/log.hpp"
#include "common/net/run_on.hpp"
#include "common/wire/protocol_error.hpp"

namespace culvert {
namespace {

/// A server waits so long for a client's first word at least: culvertd 30 s, most others 120 s.
constexpr Duration fresh_connection = std::chrono::seconds{10};

bool is_about_key_exchange(DisconnectReason reason) {
    return reason == DisconnectReason::protocol_error ||
           reason == DisconnectReason::key_exchange_failed;
}

}  // namespace

ClientConnection::ClientConnection(IoExecutor executor, const ClientConnectionContext& context,
                                   std::size_t index, Identities identities)
    : context_{context},
      index_{index},
      log_{context.settings, index, context.not_carried},
      identities_{std::move(identities)},
      retries_{context.settings, context.first_failure, context.random},
      tasks_{executor, [](const std::exception_ptr&) {}},
      streams_{executor, log_.name(), *this, [this](const std::exception_ptr& thrown) {
                   log_.tunnel().error("{}: a stream ended: {}", log_.name(),
                                       text_of_exception(thrown));
               }} {}

// ---------------------------------------------------------------------- the tunnel's words

void ClientConnection::start() {
    asio::post(executor(), [this] { tasks_.spawn(live()); });
}

void ClientConnection::hurry() {
    asio::post(executor(), [this] {
        const auto left = retries_.bring_forward(Clock::now());
        if (!left) return;
        log_.tunnel().info("{}: a local connection waits; next try in {:.1f} s", log_.name(),
                           std::chrono::duration<double>(*left).count());
    });
}

void ClientConnection::drain() {
    asio::post(executor(), [this] {
        if (life_ == Life::running) life_ = Life::draining;
        end_if_drained();
    });
}

void ClientConnection::end() {
    asio::post(executor(), [this] { end_here(); });
}

awaitable<void> ClientConnection::join() {
    life_ = Life::ending;
    co_await tasks_.join();
    co_await streams_.join();
}

awaitable<std::uint64_t> ClientConnection::traffic() const {
    co_return session_ == nullptr ? 0 : session_->traffic();
}

void ClientConnection::end_if_drained() {
    // A stream that is over here may have its tail on the way: only the peer's CLOSE says that all
    // has arrived.
    const bool has_channels = session_ != nullptr && session_->channels() > 0;
    if (life_ == Life::draining && open_streams() == 0 && !has_channels) end_here();
}

void ClientConnection::end_here() {
    life_ = Life::ending;
    if (session_ != nullptr) {
        session_->end(DisconnectReason::by_application, "the client ends");
    } else {
        tasks_.cancel();  // it dials, or waits for the next try
    }
}

// ---------------------------------------------------------------------- its life

awaitable<void> ClientConnection::live() {
    std::exception_ptr why;
    try {
        co_await keep_connected();
    } catch (...) {
        if (life_ != Life::ending) why = std::current_exception();
    }
    tell([this, why] { context_.owner.on_over(index_, why); });
}

awaitable<void> ClientConnection::keep_connected() {
    while (life_ != Life::ending) {
        std::optional<Error> why;
        try {
            co_await connect_once();
        } catch (const Error& error) {
            why = with_context(log_.name(), error);
        }
        // The streams went with the connection, and no others are taken.
        if (life_ != Life::running) break;
        tell([this, text = std::string{why->what()}] { context_.owner.on_lost(index_, text); });
        if (retries_.is_final(*why, Clock::now())) throw *why;
        co_await wait_before_retry(*why);
    }
}

awaitable<void> ClientConnection::wait_before_retry(const Error& why) {
    log_.on_down(why, retries_.plan(Clock::now()));
    return retries_.wait();
}

awaitable<void> ClientConnection::connect_once() {
    const auto taken =
        co_await run_on(context_.owner_executor, context_.owner.wait_for_turn(index_));
    if (taken) {
        retries_.on_tunnel_up();
        identities_.expect(*taken);
    }
    // GCC 12 makes nonsense of a co_await in a loop's condition.
    for (;;) {
        const bool once_more = co_await run_session();
        if (!once_more || life_ != Life::running) co_return;
    }
}

awaitable<StreamSocket> ClientConnection::reach_server() {
    auto socket = co_await context_.connector.connect();
    // The file may mean another server than the one that was reached.
    if (index_ == 0 && !std::exchange(ssh_config_told_, true)) hint_at_ssh_config();
    co_return socket;
}

void ClientConnection::hint_at_ssh_config() {
    const TunnelSettings& settings = context_.settings;
    const std::string hint = ssh_config_hint(settings.ssh_config, settings.named_host);
    if (!hint.empty()) log_.tunnel().info("{}: {}", log_.name(), hint);
}

/// Why a session ended, and whether that was for the keys that were tried.
struct ClientConnection::SessionEnd {
    std::exception_ptr why;  ///< null: as asked
    bool keys_refused = false;
};

ClientConnection::SessionEnd ClientConnection::judge(const Session& session,
                                                     const std::exception_ptr& why,
                                                     bool expects_success) const {
    if (!why) return {};
    try {
        std::rethrow_exception(why);
    } catch (const Error& error) {
        const bool no_key_taken = error.kind() == ErrorKind::authentication;
        const bool refused = session.dismissed() ||
                             (no_key_taken && (expects_success || identities_.agent_is_left_out()));
        const UserauthClient& userauth = session.userauth_client();
        const bool may_change = userauth.tried().empty() || !userauth.not_signed().empty();
        if (!no_key_taken || !retries_.tunnel_has_been_up() || !may_change) return {why, refused};
        // The server has not refused all keys: the agent doesn't sign for now.
        return {std::make_exception_ptr(
                    Error{ErrorKind::network, error.what(), Hint{std::string{error.hint()}}}),
                refused};
    } catch (...) {
        return {why};
    }
}

/// There are servers that take a wrong guess for the message after it: some close the connection,
/// and what others answer has a wrong signature. A server that is too slow, or ends the connection
/// for a reason of its own, isn't one of them.
bool ClientConnection::guess_may_be_why(const Session& session, const std::exception_ptr& why) {
    if (!why || !session.transport().awaits_answer_after_wrong_guess()) return false;
    try {
        std::rethrow_exception(why);
    } catch (const ProtocolError& error) {
        return is_about_key_exchange(error.reason());
    } catch (const Error& error) {
        const auto& ended = session.peer_disconnected();
        return error.kind() == ErrorKind::network &&
               (!ended || is_about_key_exchange(DisconnectReason{ended->reason}));
    } catch (...) {
        return false;
    }
}

EngineConfig ClientConnection::engine_config(ClientIdentities identities) const {
    EngineConfig config =
        make_engine_config(context_.settings, std::move(identities), context_.windows);
    config.transport.algorithms.guess = context_.guesses;
    return config;
}

/// One connection, to its end. True if another one, right away, may do better: the server may not
/// have skipped a wrong guess; or it wanted to see no more keys, or didn't take the one that it
/// took before, and there are others to try.
awaitable<bool> ClientConnection::run_session() {
    retries_.on_try();
    auto socket = co_await reach_server();
    const TimePoint reached = Clock::now();
    auto identities = co_await identities_.offer(log_.name());
    if (Clock::now() - reached > fresh_connection) {
        // The server's time for a login has been running.
        socket.close();
        socket = co_await reach_server();
    }
    const bool expects_success = identities.optimistic.has_value();
    log_.tunnel().debug("{}: reached; {} keys to try", log_.name(), identities_.offered());
    Session session{std::move(socket), engine_config(std::move(identities)), context_.random, *this,
                    static_cast<ClientLogin*>(this)};
    session_ = &session;
    if (life_ == Life::ending) end_here();
    std::exception_ptr why;
    try {
        co_await session.run();
    } catch (...) {
        why = std::current_exception();
    }
    session_ = nullptr;
    const SessionEnd end = judge(session, why, expects_success);
    const bool told_to_try_later = session.told_to_try_later();
    if (told_to_try_later) retries_.on_told_to_try_later();
    if (!told_to_try_later && life_ == Life::running && guess_may_be_why(session, why)) {
        context_.guesses = false;
        log_.tunnel().info("{}: {}: once more, without a guess of the key exchange", log_.name(),
                           text_of_exception(why));
        co_return true;
    }
    if (end.keys_refused && !told_to_try_later && !session.authenticated() &&
        identities_.on_dismissed(session.userauth_client())) {
        log_.tunnel().verbose(
            "{}: the server ended the connection before every key was tried: once more, "
            "with the others",
            log_.name());
        co_return true;
    }
    if (end.why) std::rethrow_exception(end.why);
    co_return false;
}

// ---------------------------------------------------------------------- what its session asks

awaitable<void> ClientConnection::check_host_key(PublicKey key) {
    const std::string shown = fmt::format("{} {}", key.algorithm(), fingerprint(key));
    co_await run_on(context_.owner_executor, context_.owner.check_host_key(std::move(key)));
    host_key_ = shown;
}

awaitable<std::optional<ByteVector>> ClientConnection::sign(SignatureWanted wanted) {
    co_return co_await identities_.sign(std::move(wanted), log_.name());
}

void ClientConnection::on_ready() {
    tell([this] { context_.owner.on_ready(index_); });
}

void ClientConnection::on_authenticated(const Authenticated& authenticated) {
    identities_.on_accepted(authenticated.key);
    log_.on_up(authenticated, host_key_, session_->transport());
    retries_.on_up(Clock::now());
    tell([this, accepted = authenticated.key] { context_.owner.on_up(index_, accepted); });
}

void ClientConnection::on_rekeyed() { log_.tunnel().verbose("{}: rekeyed", log_.name()); }

void ClientConnection::on_irregularity(Irregularity kind) {
    log_.tunnel().verbose("{}: {}", log_.name(), describe(kind));
}

void ClientConnection::on_denied(const RequestDenied& denied) {
    log_.tunnel().verbose("{}: the server asked for {}: denied", log_.name(), escaped(denied.what));
}

void ClientConnection::on_forward_requested(const ForwardRequested& request) {
    session_->deny(request.request);
    on_denied({fmt::format("a remote forward ({})", name_of(request.what))});
}

void ClientConnection::on_channel_requested(ChannelRequested) {
    assert(!"the engine of a client refuses them");
}

// ---------------------------------------------------------------------- the streams that it
// carries

void ClientConnection::carry(LocalConnection connection) {
    streams_.expect();
    try {
        asio::dispatch(executor(), [this, connection = std::move(connection)]() mutable {
            take(std::move(connection));
        });
    } catch (const std::bad_alloc&) {
        streams_.unexpect();
        throw;
    }
}

void ClientConnection::take(LocalConnection connection) {
    if (session_ == nullptr || !session_->ready()) {
        // What was ready when it was chosen may be gone by now: then another one will do.
        streams_.on_gone();
        tell([this, connection = std::move(connection)]() mutable {
            context_.owner.on_not_carried(index_, std::move(connection));
        });
        return;
    }
    if (!has_memory()) {
        streams_.on_gone();
        context_.not_carried.log(
            LogLevel::info, "out of memory", "{} -> {}: reset, culvert is out of memory",
            to_string(connection.accepted.remote), leads_to(*connection.forward));
        return;
    }
    const auto peer = connection.accepted.remote;
    try {
        carry_inbound(streams_, *session_, std::move(connection.accepted), *connection.forward);
    } catch (const std::bad_alloc&) {
        log_.tunnel().error("{}: reset, culvert is out of memory", to_string(peer));
    }
}

}  // namespace culvert
