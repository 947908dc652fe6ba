#include "server/server_connection.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <new>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "common/base/escape.hpp"
#include "common/base/memory_reserve.hpp"
#include "common/forward/forward.hpp"
#include "common/keys/fingerprint.hpp"
#include "common/log/log.hpp"
#include "common/net/address.hpp"
#include "server/engine_config.hpp"
#include "server/failed_request.hpp"
#include "server/users.hpp"

namespace culvert {
namespace {

/// A client may show as many keys as the tries allow, and then some unsigned.
constexpr std::size_t most_refused_keys_shown = 6;

LogClass logins(LogLevel level) { return {level, LogKind::logins}; }
LogClass connections(LogLevel level) { return {level, LogKind::connections}; }
LogClass forwards(LogLevel level) { return {level, LogKind::forwards}; }

double seconds_since(TimePoint began) {
    return std::chrono::duration<double>(Clock::now() - began).count();
}

}  // namespace

ServerConnection::ServerConnection(ServerContext context, StreamSocket socket,
                                   asio::ip::tcp::endpoint peer, Admission::Ticket ticket)
    : context_{std::move(context)},
      peer_{std::move(peer)},
      name_{to_string(peer_)},
      ticket_{std::move(ticket)},
      session_{std::move(socket),
               make_engine_config(*context_.config, context_.broker->host_key(), context_.windows),
               context_.random, *this, static_cast<ServerLogin*>(this)},
      streams_{session_.executor(), name_, *this, [this](const std::exception_ptr& thrown) {
                   log_error("{}: a stream ended: {}", name_, text_of_exception(thrown));
               }} {}

awaitable<void> ServerConnection::run() {
    log_at(connections(LogLevel::verbose), "{}: connected", name_);
    std::exception_ptr why;
    try {
        co_await session_.run();
    } catch (...) {
        why = std::current_exception();
    }
    co_await uncancellable();
    ticket_.reset();
    try {
        log_end(why);
    } catch (const std::bad_alloc&) {
        // The streams' ends are waited for all the same.
    }
    co_await streams_.join();
}

/// The one line about a connection that is over.
void ServerConnection::log_end(const std::exception_ptr& why) const {
    try {
        // Cancelled: the daemon ends.
        if (!why || is_operation_aborted(why)) return log_end("ended by culvertd");
        std::rethrow_exception(why);
    } catch (const Error& error) {
        log_end(error.what());
    } catch (const std::bad_alloc&) {
        log_end("ended: culvertd is out of memory");
    } catch (const std::exception& error) {
        log_end(error.what());
    }
}

void ServerConnection::drain() {
    draining_ = true;
    end_if_drained();
}

void ServerConnection::end_if_drained() {
    // A stream that is over here may have its tail on the way: only the peer's CLOSE says that all
    // has arrived.
    if (draining_ && open_streams() == 0 && session_.channels() == 0) end();
}

void ServerConnection::end() {
    session_.end(DisconnectReason::by_application, "the server is shutting down");
}

std::string ServerConnection::status() const {
    return fmt::format("{}: {}{} stream{}, for {:.0f} s", name_,
                       session_.authenticated() ? "" : "not logged in, ", open_streams(),
                       open_streams() == 1 ? "" : "s", seconds_since(began_));
}

// ---------------------------------------------------------------------- who

awaitable<bool> ServerConnection::allows(PublicKeyRequest request) {
    KeyQuestion question{request.user, request.key, to_ip_address(peer_.address()),
                         std::chrono::system_clock::now()};
    KeyLookup found = co_await context_.broker->look_up_key(std::move(question));
    for (const std::string& warning : found.warnings) {
        context_.repeats.key_warnings.log(LogLevel::info, warning, "{}: {}: {}", name_,
                                          escaped_name(request.user), warning);
    }
    if (!found.allowed && found.is_provisional) {
        // A refusal would end the client's tunnel for good, although his key may be in the file.
        throw ProtocolError{"the server lacks the resources to look up keys; try again later",
                            DisconnectReason::by_application};
    }
    log_at(logins(LogLevel::debug), "{}: {} {} {} {}: {}", name_, escaped_name(request.user),
           request.verified ? "proves" : "shows", escaped(request.key.algorithm(), 64),
           fingerprint(request.key), found.allowed ? "let in" : "not let in");
    if (!found.allowed) {
        note_not_let_in(request.key, found.warnings.empty() ? "not among the user's keys"
                                                            : found.warnings.front());
        co_return false;
    }
    // What a user may do comes from the key of a verified request, never from that of a query.
    if (request.verified) {
        permissions_ = std::move(*found.allowed);
    } else {
        note_not_let_in(request.key, "shown, but not proved");
    }
    co_return true;
}

awaitable<ByteVector> ServerConnection::sign_host(HostSignatureWanted wanted) {
    return context_.broker->sign_host_key(std::move(wanted.algorithm), std::move(wanted.data));
}

/// For the log, should it come to nothing.
void ServerConnection::note_not_let_in(const PublicKey& key, std::string_view why) {
    if (refused_keys_.size() == most_refused_keys_shown) return;
    refused_keys_.push_back(
        fmt::format("{} {} ({})", escaped(key.algorithm(), 64), fingerprint(key), why));
}

void ServerConnection::on_authenticated(const Authenticated& authenticated) {
    ticket_.reset();
    user_ = authenticated.user;
    const std::string who = escaped(user_);
    const std::string from = to_string(peer_);
    key_ = fingerprint(authenticated.key);
    const std::array fields{LogField{"from", from}, LogField{"user", user_}, LogField{"key", key_},
                            LogField{"kex", session_.transport().negotiated().kex}};
    log_event(logins(LogLevel::info), "login", fields,
              fmt::format("{}: {} logged in with {} {}", name_, who, authenticated.key.algorithm(),
                          key_));
    log_at(connections(LogLevel::verbose), "{}: {}", name_, describe(session_.transport()));
    name_ = fmt::format("{} ({})", name_, who);
    end_if_drained();
}

void ServerConnection::log_end(std::string_view how) const {
    if (!session_.authenticated()) return log_end_without_login(how);
    if (!logs(connections(LogLevel::info))) return;
    const double seconds = seconds_since(began_);
    const std::string from = to_string(peer_);
    const auto [there, back] = streams_.finished();
    const std::array fields{LogField{"from", from},       LogField{"user", user_},
                            LogField{"key", key_},        LogField{"bytes_there", there},
                            LogField{"bytes_back", back}, LogField{"seconds", seconds},
                            LogField{"end", how}};
    log_event(connections(LogLevel::info), "connection", fields,
              fmt::format("{}: {}, after {:.1f} s, {} bytes there, {} back", name_, how, seconds,
                          there, back));
}

/// The peer is told the same whether the user exists or not.
void ServerConnection::log_end_without_login(std::string_view how) const {
    if (!session_.transport().peer_version()) {
        context_.repeats.probes.add(name_, how, Clock::now());
        return;
    }
    const UserauthServer& userauth = session_.userauth_server();
    if (userauth.user().empty()) {
        context_.repeats.without_login.log(LogLevel::info, how, "{}: {}", name_, how);
        return;
    }
    const bool showed_key =
        !refused_keys_.empty() ||
        !std::ranges::all_of(userauth.failed(), [](const FailedRequest& failed) {
            return failed.why == FailedRequest::Why::method;
        });
    const bool is_logged = showed_key
                               ? context_.repeats.refused_logins.admits(LogLevel::info, "")
                               : context_.repeats.refused_without_key.admits(LogLevel::info, how);
    if (!is_logged) return;
    std::vector<std::string> tried = refused_keys_;
    for (const FailedRequest& failed : userauth.failed()) tried.push_back(describe(failed));
    const std::string from = to_string(peer_);
    const std::string keys =
        tried.empty() ? std::string{no_key_shown} : fmt::format("{}", fmt::join(tried, ", "));
    const bool exists = knows_user(*context_.config, userauth.user());
    const std::string_view user_exists = exists ? "yes" : "no";
    const std::array fields{LogField{"from", from}, LogField{"user", userauth.user()},
                            LogField{"user_exists", user_exists}, LogField{"keys", keys},
                            LogField{"end", how}};
    log_event(logins(LogLevel::info), "login_refused", fields,
              fmt::format("{}: {}; not let in: {}{} with {}", name_, how,
                          escaped_name(userauth.user()), exists ? "" : " (no such user)", keys));
}

void ServerConnection::on_denied(const RequestDenied& denied) {
    const std::string what = escaped_name(denied.what);
    log_denied(what, "culvertd only forwards TCP connections to targets",
               fmt::format("asked for {}:", what));
}

/// `said` is `what` for people.
void ServerConnection::log_denied(std::string_view what, std::string_view why,
                                  std::string_view said) const {
    if (!context_.repeats.denied.admits(LogLevel::info, why)) return;
    const std::string from = to_string(peer_);
    const std::array fields{LogField{"from", from}, LogField{"user", user_}, LogField{"key", key_},
                            LogField{"what", what}, LogField{"why", why}};
    log_event(forwards(LogLevel::info), "denied", fields,
              fmt::format("{}: {} denied: {}", name_, said, why));
}

void ServerConnection::on_rekeyed() {
    log_at(connections(LogLevel::verbose), "{}: rekeyed", name_);
}

void ServerConnection::on_irregularity(Irregularity kind) {
    log_verbose("{}: {}", name_, describe(kind));
}

// ---------------------------------------------------------------------- what he opens

void ServerConnection::on_channel_requested(ChannelRequested request) {
    if (const auto failure = why_no_more_streams()) {
        if (!draining_) log_not_opened(target_of(request.type), failure->description);
        session_.refuse(request.channel, *failure);
        return;
    }
    outbound_.carry(std::move(request));
}

std::optional<OpenFailure> ServerConnection::why_no_more_streams() const {
    constexpr auto shortage = OpenFailureReason::resource_shortage;
    if (draining_) return OpenFailure{shortage, "the server is shutting down"};
    if (open_streams() >= context_.config->limits.channels) {
        return OpenFailure{shortage, "too many streams on this connection"};
    }
    if (!has_memory()) return OpenFailure{shortage, "the server is out of memory"};
    return std::nullopt;
}

void ServerConnection::on_forward_requested(const ForwardRequested& request) {
    const std::string what = fmt::format("a remote forward ({})", name_of(request.what));
    session_.deny(request.request);
    on_denied({what});
}

awaitable<Reached> ServerConnection::reach(const ChannelType& wanted) {
    const Subject subject{user_, permissions_};
    // The engine lets in no other type.
    co_return co_await context_.broker->connect(subject, std::get<DirectTcpip>(wanted));
}

void ServerConnection::on_opening(const Stream& stream) {
    if (!logs(forwards(LogLevel::debug))) return;
    log_at(forwards(LogLevel::debug), "{}: {} -> {}: asked for", name_, stream.originator(),
           stream.target());
}

void ServerConnection::on_not_opened(const Stream& stream, const Unreached& why) {
    const std::string target = stream.target();
    if (why.denied) {
        log_denied(target, *why.denied, target);
    } else {
        log_not_opened(target, why.failure.description);
    }
}

void ServerConnection::log_not_opened(const std::string& target, std::string_view why) const {
    if (!context_.repeats.not_opened.admits(LogLevel::info, why)) return;
    const std::string from = to_string(peer_);
    const std::array fields{LogField{"from", from}, LogField{"user", user_}, LogField{"key", key_},
                            LogField{"target", target}, LogField{"why", why}};
    log_event(forwards(LogLevel::info), "not_opened", fields,
              fmt::format("{}: {} not opened: {}", name_, target, why));
}

/// The one line about a stream that is over.
void ServerConnection::on_over(const Stream& stream, RelayEnd end) {
    if (!logs(forwards(LogLevel::info))) return;
    const double seconds = seconds_since(stream.began());
    const std::string from = to_string(peer_);
    const std::string originator = stream.originator();
    const std::string target = stream.target();
    const auto [there, back] = stream.bytes();
    const std::array fields{LogField{"from", from},       LogField{"user", user_},
                            LogField{"key", key_},        LogField{"originator", originator},
                            LogField{"target", target},   LogField{"bytes_there", there},
                            LogField{"bytes_back", back}, LogField{"seconds", seconds},
                            LogField{"end", name_of(end)}};
    log_event(forwards(LogLevel::info), "forward", fields,
              fmt::format("{}: {} -> {}: {} after {:.1f} s, {} bytes there, {} back", name_,
                          originator, target, name_of(end), seconds, there, back));
}

}  // namespace culvert
