#include "client/client_connection.hpp"

#include <cassert>
#include <utility>

#include <fmt/format.h>
#include <asio/dispatch.hpp>
#include <asio/post.hpp>

#include "client/banner.hpp"
#include "client/engine_config.hpp"
#include "client/ssh_config_hint.hpp"
#include "common/base/error.hpp"
#include "common/base/escape.hpp"
#include "common/base/host_name.hpp"
#include "common/base/memory_reserve.hpp"
#include "common/keys/fingerprint.hpp"
#include "common/log/log.hpp"
#include "common/net/dialer.hpp"
#include "common/net/run_on.hpp"
#include "common/net/tcp_options.hpp"
#include "common/net/timeout.hpp"
#include "common/relay/relay.hpp"

namespace culvert {
namespace {

/// Between the ConnectionAttempts of a first connection, as ssh waits.
constexpr Duration first_retry_time = std::chrono::seconds{1};
/// A server that has no place for a first connection is asked again for so long, about once a
/// second: the random part keeps many clients from asking together.
constexpr Duration busy_server_time = std::chrono::seconds{30};
constexpr Duration busy_server_pause = std::chrono::milliseconds{500};

/// A server waits so long for a client's first word at least: culvertd 30 s, most others 120 s.
constexpr Duration fresh_connection = std::chrono::seconds{10};

std::string which_of(std::size_t index, std::size_t connections) {
    return connections > 1 ? fmt::format("connection {} of {}", index + 1, connections) : "";
}

double seconds(Duration time) { return std::chrono::duration<double>(time).count(); }

/// OpenSSH says no more than "open failed".
std::string_view where_to_look(const OpenFailure& failure) {
    if (failure.reason != OpenFailureReason::administratively_prohibited) return "";
    return "check the server's rules: permitopen and port-forwarding of the key, sshd's "
           "AllowTcpForwarding and PermitOpen, culvertd's permit_open";
}

}  // namespace

ClientConnection::ClientConnection(IoExecutor executor, const ClientConnectionContext& context,
                                   std::size_t index, Identities identities)
    : context_{context},
      settings_{context.settings},
      log_{settings_},
      index_{index},
      server_name_{to_string(settings_.server)},
      which_{which_of(index, settings_.connections)},
      name_{server_name_ + (which_.empty() ? "" : ": " + which_)},
      suffix_{which_.empty() ? "" : ", " + which_},
      identities_{std::move(identities)},
      backoff_{context.random},
      next_try_{context.random},
      life_{executor, [](const std::exception_ptr&) {}},
      streams_{executor, [this](const std::exception_ptr& thrown) {
                   log_.error("{}: a stream ended: {}", name_, text_of_exception(thrown));
               }} {}

// ---------------------------------------------------------------------- the tunnel's words

void ClientConnection::start() {
    asio::post(executor(), [this] { life_.spawn(live()); });
}

void ClientConnection::hurry() {
    asio::post(executor(), [this] {
        if (!next_try_.bring_forward(Clock::now())) return;
        log_.info("{}: a local connection waits; next try in {:.1f} s", name_,
                  seconds(next_try_.at() - Clock::now()));
        sooner_.set();
    });
}

void ClientConnection::drain() {
    asio::post(executor(), [this] {
        draining_ = true;
        end_if_drained();
    });
}

void ClientConnection::end() {
    asio::post(executor(), [this] { end_here(); });
}

awaitable<void> ClientConnection::join() {
    ending_ = true;
    co_await life_.join();
    co_await streams_.join();
}

void ClientConnection::name_connection(std::vector<LogField>& fields) const {
    if (settings_.connections > 1) fields.push_back({"connection", std::uint64_t{index_ + 1}});
}

awaitable<std::uint64_t> ClientConnection::traffic() const {
    co_return session_ == nullptr ? 0 : session_->traffic();
}

void ClientConnection::end_if_drained() {
    // A stream that is over here may have its tail on the way: only the peer's CLOSE says that all
    // has arrived.
    const bool has_channels = session_ != nullptr && session_->channels() > 0;
    if (draining_ && open_streams() == 0 && !has_channels) end_here();
}

void ClientConnection::end_here() {
    ending_ = true;
    if (session_ != nullptr) {
        session_->end(DisconnectReason::by_application, "the client ends");
    } else {
        life_.cancel();  // it dials, or waits for the next try
    }
}

// ---------------------------------------------------------------------- its life

awaitable<void> ClientConnection::live() {
    std::exception_ptr why;
    try {
        co_await keep_connected();
    } catch (...) {
        if (!ending_) why = std::current_exception();
    }
    tell([this, why] { context_.owner.on_over(index_, why); });
}

awaitable<void> ClientConnection::keep_connected() {
    while (!ending_) {
        std::optional<Error> why;
        try {
            co_await connect_once();
        } catch (const Error& error) {
            why = with_context(name_, error);
        }
        // The streams went with the connection, and no others are taken.
        if (ending_ || draining_) break;
        tell([this, text = std::string{why->what()}] { context_.owner.on_lost(index_, text); });
        if (is_final(*why)) throw *why;
        co_await wait_before_retry(*why);
    }
}

/// No later try can go better, or nobody asked for one.
bool ClientConnection::is_final(const Error& error) {
    const bool refused = error.kind() == ErrorKind::host_key ||
                         error.kind() == ErrorKind::authentication ||
                         error.kind() == ErrorKind::usage;
    // A tunnel that has been up outlives a file that somebody is just replacing.
    if (refused || (error.kind() == ErrorKind::config && !tunnel_has_been_up_)) return true;
    if (tunnel_has_been_up_ || context_.first_failure == FirstFailure::is_outlived) return false;
    if (may_be_let_in_soon()) return false;
    return ++failures_before_up_ >= settings_.connection_attempts;
}

/// The server said that it has no place now. That is no answer to a first connection yet.
bool ClientConnection::may_be_let_in_soon() {
    if (!told_to_try_later_) return false;
    const TimePoint now = Clock::now();
    if (!first_told_) first_told_ = now;
    return now - *first_told_ < busy_server_time;
}

Duration ClientConnection::time_to_next_try() {
    if (!is_first_try()) return backoff_.next(Clock::now());
    if (!told_to_try_later_) return first_retry_time;
    return busy_server_pause + random_part(2 * busy_server_pause, context_.random);
}

awaitable<void> ClientConnection::wait_before_retry(const Error& why) {
    const Duration wait = time_to_next_try();
    const bool at_once = wait < std::chrono::milliseconds{50};
    std::vector fields{LogField{"server", server_name_}, LogField{"next_try", seconds(wait)}};
    name_connection(fields);
    // The same advice once is enough.
    const bool is_news = why.hint() != last_hint_;
    last_hint_ = why.hint();
    log_.event({LogLevel::error, LogKind::connections}, "down", std::move(fields),
               fmt::format("{}; next try {}", why.what(),
                           at_once ? "at once" : fmt::format("in {:.1f} s", seconds(wait))),
               is_news ? last_hint_ : "");
    // A first connection fails or succeeds by its own count of tries: nothing brings one forward.
    const TimePoint at = Clock::now() + wait;
    next_try_.plan(at, is_first_try() ? std::optional{at} : std::nullopt);
    for (;;) {
        const Duration left = next_try_.at() - Clock::now();
        if (left <= Duration::zero()) break;
        sooner_.reset();
        co_await with_timeout(sooner_.wait(), left);
    }
}

awaitable<void> ClientConnection::connect_once() {
    const auto taken =
        co_await run_on(context_.owner_executor, context_.owner.wait_for_turn(index_));
    if (taken) {
        tunnel_has_been_up_ = true;
        identities_.expect(*taken);
    }
    // GCC 12 makes nonsense of a co_await in a loop's condition.
    for (;;) {
        const bool once_more = co_await run_session();
        if (!once_more || ending_ || draining_) co_return;
        log_.verbose(
            "{}: the server ended the connection before every key was tried: once more, "
            "with the others",
            name_);
    }
}

awaitable<StreamSocket> ClientConnection::dial_server() {
    DialOptions options;
    options.family = settings_.family;
    if (settings_.bind_address) {
        const auto address = parse_address(canonical_host(*settings_.bind_address));
        if (!address) {
            throw Error{ErrorKind::config, fmt::format("bind address {}: not an IP address",
                                                       escaped(*settings_.bind_address))};
        }
        if (const auto why = zone_unknown(*settings_.bind_address)) {
            throw Error{ErrorKind::network,
                        fmt::format("bind address {}: {}", escaped(*settings_.bind_address), *why)};
        }
        options.bind.emplace(*address, std::uint16_t{0});
    }
    auto dialed = co_await dial(context_.resolver, settings_.server, options,
                                Deadline{settings_.connect_timeout});
    if (const auto* failure = std::get_if<DialFailure>(&dialed)) {
        throw Error{ErrorKind::network, failure->details,
                    Hint{ssh_config_hint(settings_.ssh_config, settings_.named_host)}};
    }
    // The file may mean another server than the one that was reached.
    if (index_ == 0 && !std::exchange(ssh_config_told_, true)) {
        const std::string hint = ssh_config_hint(settings_.ssh_config, settings_.named_host);
        if (!hint.empty()) log_.info("{}: {}", name_, hint);
    }
    auto socket = std::get<StreamSocket>(std::move(dialed));
    if (settings_.tcp_keepalive) (void)set_tcp_keepalive(socket.native_handle(), TcpKeepalive::on);
    co_return socket;
}

/// One connection, to its end. True if it ended because the server wanted to see no more keys, or
/// didn't take the one that it took before, and there are others to try.
awaitable<bool> ClientConnection::run_session() {
    told_to_try_later_ = false;
    auto socket = co_await dial_server();
    const TimePoint reached = Clock::now();
    auto identities = co_await identities_.offer(name_);
    if (Clock::now() - reached > fresh_connection) {
        // The server's time for a login has been running.
        socket.close();
        socket = co_await dial_server();
    }
    const bool expects_success = identities.optimistic.has_value();
    log_.debug("{}: reached; {} keys to try", name_, identities_.offered());
    Session session{std::move(socket),
                    make_engine_config(settings_, std::move(identities), context_.windows),
                    context_.random, *this, static_cast<ClientLogin*>(this)};
    session_ = &session;
    if (ending_) end_here();
    std::exception_ptr why;
    bool refused = false;
    try {
        co_await session.run();
    } catch (const Error& error) {
        why = std::current_exception();
        const bool no_key_taken = error.kind() == ErrorKind::authentication;
        refused = session.dismissed() ||
                  (no_key_taken && (expects_success || identities_.agent_is_left_out()));
        const UserauthClient& userauth = session.userauth_client();
        const bool may_change = userauth.tried().empty() || !userauth.not_signed().empty();
        if (no_key_taken && tunnel_has_been_up_ && may_change) {
            // The server has not refused all keys: the agent doesn't sign for now.
            why = std::make_exception_ptr(
                Error{ErrorKind::network, error.what(), Hint{std::string{error.hint()}}});
        }
    } catch (...) {
        why = std::current_exception();
    }
    session_ = nullptr;
    told_to_try_later_ = session.told_to_try_later();
    if (refused && !told_to_try_later_ && !session.authenticated() &&
        identities_.on_dismissed(session.userauth_client())) {
        co_return true;
    }
    if (why) std::rethrow_exception(why);
    co_return false;
}

// ---------------------------------------------------------------------- what its session asks

awaitable<void> ClientConnection::check_host_key(PublicKey key) {
    const std::string shown = fmt::format("{} {}", key.algorithm(), fingerprint(key));
    co_await run_on(context_.owner_executor, context_.owner.check_host_key(std::move(key)));
    host_key_ = shown;
}

awaitable<std::optional<ByteVector>> ClientConnection::sign(SignatureWanted wanted) {
    co_return co_await identities_.sign(std::move(wanted), name_);
}

void ClientConnection::on_ready() {
    tell([this] { context_.owner.on_ready(index_); });
}

void ClientConnection::on_banner(const BannerReceived& banner) {
    // Once is enough.
    const LogLevel level = index_ == 0 ? LogLevel::info : LogLevel::verbose;
    for (const std::string& line : banner_lines(banner.text)) {
        log_.at(level, "{} says:{}{}", server_name_, line.empty() ? "" : " ", line);
    }
}

void ClientConnection::on_authenticated(const Authenticated& authenticated) {
    identities_.on_accepted(authenticated.key);
    const std::string key = fingerprint(authenticated.key);
    std::vector fields{LogField{"server", server_name_}, LogField{"user", settings_.user},
                       LogField{"key", key}, LogField{"host_key", *host_key_}};
    name_connection(fields);
    log_.event({LogLevel::info, LogKind::connections}, "connected", std::move(fields),
               fmt::format("connected to {} ({}){}", server_name_, *host_key_, suffix_));
    log_.verbose("{}: logged in as {} with {} {}; {}", name_, escaped(settings_.user),
                 authenticated.key.algorithm(), key, describe(session_->transport()));
    tunnel_has_been_up_ = true;
    backoff_.on_up(Clock::now());
    tell([this, accepted = authenticated.key] { context_.owner.on_up(index_, accepted); });
}

void ClientConnection::on_rekeyed() { log_.verbose("{}: rekeyed", name_); }

void ClientConnection::on_irregularity(Irregularity kind) {
    log_.verbose("{}: {}", name_, describe(kind));
}

void ClientConnection::on_denied(const RequestDenied& denied) {
    log_.verbose("{}: the server asked for {}: denied", name_, escaped(denied.what));
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
    open_streams_.fetch_add(1, std::memory_order_relaxed);
    asio::dispatch(executor(), [this, connection = std::move(connection)]() mutable {
        take(std::move(connection));
    });
}

void ClientConnection::take(LocalConnection connection) {
    if (!ready()) {
        // What was ready when it was chosen may be gone by now: then another one will do.
        on_stream_over();
        tell([this, connection = std::move(connection)]() mutable {
            context_.owner.on_not_carried(index_, std::move(connection));
        });
        return;
    }
    const auto peer = connection.accepted.remote;
    try {
        auto socket = std::move(connection.accepted).on(executor());
        streams_.spawn(carry_here(std::move(socket), peer, *connection.forward));
    } catch (const std::exception& error) {
        log_.error("{}: {}", to_string(peer), error.what());
        on_stream_over();
    }
}

void ClientConnection::on_stream_over() {
    open_streams_.fetch_sub(1, std::memory_order_relaxed);
    end_if_drained();
}

/// A stream that is counted already: as over when this goes.
class ClientConnection::OpenStream {
public:
    explicit OpenStream(ClientConnection& connection) : connection_{connection} {}
    OpenStream(const OpenStream&) = delete;
    OpenStream& operator=(const OpenStream&) = delete;
    ~OpenStream() { connection_.on_stream_over(); }

private:
    ClientConnection& connection_;
};

// A coroutine for each stream, and no more: an idle one costs little but their frames.
awaitable<void> ClientConnection::carry_here(StreamSocket socket, asio::ip::tcp::endpoint peer,
                                             const LocalForward& forward) {
    const OpenStream open{*this};
    if (!has_memory()) {
        context_.not_carried.log(LogLevel::info, "out of memory",
                                 "{} -> {}: reset, culvert is out of memory", to_string(peer),
                                 to_string(forward.target));
        co_return;
    }
    log_.at({LogLevel::debug, LogKind::forwards}, "{} -> {}: opening{}", to_string(peer),
            to_string(forward.target), suffix_);
    const TimePoint began = Clock::now();
    Relay relay{std::move(socket), *session_, streams_};
    // Not in the co_await: its temporaries would lie in the frame as long as the stream lives.
    auto carried = relay.open(DirectTcpip{forward.target, to_endpoint(peer)});
    const RelayEnd end = co_await std::move(carried);
    if (end == RelayEnd::refused) {
        log_not_opened(peer, forward, relay.failure());
    } else {
        log_forward(peer, forward, name_of(end), relay, Clock::now() - began);
    }
}

void ClientConnection::log_not_opened(const asio::ip::tcp::endpoint& peer,
                                      const LocalForward& forward,
                                      const OpenFailure& failure) const {
    const std::string why = describe(failure);
    if (!context_.not_carried.admits(LogLevel::info, why)) return;
    log_.event(
        {LogLevel::info, LogKind::forwards}, {}, {},
        fmt::format("{} -> {}: not opened: {}", to_string(peer), to_string(forward.target), why),
        where_to_look(failure));
}

/// The one line about a stream that is over.
void ClientConnection::log_forward(const asio::ip::tcp::endpoint& peer, const LocalForward& forward,
                                   std::string_view end, const Relay& relay, Duration took) const {
    constexpr LogClass line{LogLevel::verbose, LogKind::forwards};
    if (!logs(line)) return;
    const double seconds = std::chrono::duration<double>(took).count();
    const std::string from = to_string(peer);
    const std::string target = to_string(forward.target);
    std::vector fields{LogField{"originator", from},
                       LogField{"target", target},
                       LogField{"bytes_there", std::uint64_t{relay.bytes_sent()}},
                       LogField{"bytes_back", std::uint64_t{relay.bytes_received()}},
                       LogField{"seconds", seconds},
                       LogField{"end", end}};
    name_connection(fields);
    log_.event(line, "forward", std::move(fields),
               fmt::format("{} -> {}: {} after {:.1f} s, {} bytes there, {} back{}", from, target,
                           end, seconds, relay.bytes_sent(), relay.bytes_received(), suffix_));
}

}  // namespace culvert
