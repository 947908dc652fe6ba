#include "common/session/session.hpp"

#include <algorithm>
#include <new>
#include <utility>

#include <fmt/format.h>
#include <asio/post.hpp>
#include <asio/redirect_error.hpp>

#include "common/base/escape.hpp"
#include "common/net/both.hpp"
#include "common/session/farewell.hpp"
#include "common/transport/try_later.hpp"
#include "common/wire/protocol_error.hpp"

namespace culvert {
namespace {

TimePoint now() { return Clock::now(); }

}  // namespace

Session::Session(StreamSocket socket, EngineConfig config, Random& random, SessionOwner& owner,
                 Login login, Duration idle_time)
    : engine_{std::move(config), random, now()},
      owner_{owner},
      dialog_{engine_, login, [this] { pump(); }},
      carrier_{std::move(socket), engine_, *this},
      timer_{carrier_.executor()},
      idle_{idle_time, now()} {}

// ---------------------------------------------------------------------- its life

awaitable<void> Session::run() {
    std::exception_ptr why;
    try {
        pump();
        co_await both(both(carrier_.run(), keep_time()), wait_for_failure());
    } catch (...) {
        why = std::current_exception();
    }
    co_await uncancellable();
    const bool as_asked = std::exchange(life_, Life::over) == Life::ending;
    carrier_.transmitter().stop();
    tell_end(why);
    engine_.lose();
    co_await carrier_.close();
    co_await cancellable();
    if (!as_asked) std::rethrow_exception(why);
}

awaitable<void> Session::wait_for_failure() {
    co_await failed_.wait();
    std::rethrow_exception(failure_);
}

void Session::on_failed(std::exception_ptr why) noexcept {
    if (failure_ || life_ == Life::over) return;
    if (life_ == Life::running) life_ = Life::failed;
    failure_ = std::move(why);
    carrier_.transmitter().stop();
    failed_.set();
}

void Session::end(DisconnectReason reason, std::string_view description) noexcept {
    if (life_ != Life::running) return;
    life_ = Life::ending;
    try {
        on_failed(std::make_exception_ptr(ProtocolError{std::string{description}, reason}));
    } catch (const std::bad_alloc&) {
        on_failed(std::current_exception());
    }
}

void Session::tell_end(const std::exception_ptr& why) noexcept {
    try {
        if (const auto farewell = farewell_for(why)) engine_.end(farewell->reason, farewell->text);
    } catch (...) {
        // It ends without a word: there is no memory, or what has failed is the compression.
    }
}

bool Session::dismissed() const noexcept {
    // One that shuts down, or can't decide for now, has not refused the keys that it was shown.
    return peer_disconnected_ && peer_disconnected_->reason !=
                                     static_cast<std::uint32_t>(DisconnectReason::by_application);
}

bool Session::told_to_try_later() const noexcept {
    constexpr auto too_many = static_cast<std::uint32_t>(DisconnectReason::too_many_connections);
    return engine_.transport().told_to_try_later() ||
           (peer_disconnected_ && (peer_disconnected_->reason == too_many ||
                                   says_try_later(peer_disconnected_->description)));
}

// ---------------------------------------------------------------------- what happened

bool Session::on_connection_event(EngineEvent& event) {
    if (auto* requested = std::get_if<ChannelRequested>(&event)) {
        owner_.on_channel_requested(std::move(*requested));
    } else if (const auto* forward = std::get_if<ForwardRequested>(&event)) {
        owner_.on_forward_requested(*forward);
    } else if (const auto* answered = std::get_if<ForwardAnswered>(&event)) {
        owner_.on_forward_answered(*answered);
    } else if (const auto* denied = std::get_if<RequestDenied>(&event)) {
        owner_.on_denied(*denied);
    } else {
        return false;
    }
    return true;
}

awaitable<void> Session::on_event(EngineEvent event) {
    if (auto* offered = std::get_if<HostKeyOffered>(&event)) {
        co_await dialog_.on_host_key(std::move(*offered));
    } else if (auto* wanted = std::get_if<SignatureWanted>(&event)) {
        co_await dialog_.on_signature_wanted(std::move(*wanted));
    } else if (auto* request = std::get_if<PublicKeyRequest>(&event)) {
        co_await dialog_.on_public_key_request(std::move(*request));
    } else if (auto* unsigned_hash = std::get_if<HostSignatureWanted>(&event)) {
        co_await dialog_.on_host_signature_wanted(std::move(*unsigned_hash));
    } else if (const auto* banner = std::get_if<BannerReceived>(&event)) {
        dialog_.on_banner(*banner);
    } else if (const auto* authenticated = std::get_if<Authenticated>(&event)) {
        owner_.on_authenticated(*authenticated);
    } else if (std::holds_alternative<Rekeyed>(event)) {
        owner_.on_rekeyed();
    } else if (std::holds_alternative<YieldDue>(event)) {
        co_await asio::post(use_awaitable);
    } else if (auto* ended = std::get_if<PeerDisconnected>(&event)) {
        on_peer_disconnected(std::move(*ended));
    }
}

void Session::on_peer_disconnected(PeerDisconnected peer) {
    peer_disconnected_ = std::move(peer);
    std::string text =
        with_peer_text("the peer ended the connection", peer_disconnected_->description);
    if (dismissed()) text += fmt::format(" (reason {})", peer_disconnected_->reason);
    throw Error{ErrorKind::network, text};
}

void Session::on_all_handled() {
    while (const auto kind = engine_.take_irregularity()) owner_.on_irregularity(*kind);
    if (running()) dialog_.announce_ready();
    const bool has_channels = engine_.channels() > 0;
    if (std::exchange(had_channels_, has_channels) && !has_channels) owner_.on_no_channels();
}

// ---------------------------------------------------------------------- channels and requests

template <class Function>
auto Session::or_fail(Function function) {
    try {
        return function();
    } catch (...) {
        on_failed(std::current_exception());
        throw;
    }
}

template <class Function>
void Session::unless_it_fails(Function function) noexcept {
    try {
        function();
    } catch (...) {
        on_failed(std::current_exception());
    }
    pump();
}

RequestId Session::ask(const ForwardRequest& what) {
    const RequestId request = or_fail([&] { return engine_.ask(what, now()); });
    pump();
    return request;
}

void Session::grant(RequestId request, std::uint16_t port) {
    or_fail([&] { engine_.grant(request, port); });
    pump();
}

void Session::deny(RequestId request) {
    or_fail([&] { engine_.deny(request); });
    pump();
}

std::optional<ChannelId> Session::open(const ChannelType& type, ChannelUser& user) {
    return or_fail([&] {
        const auto channel = engine_.open(type, user, now());
        try {
            carrier_.transmitter().pump_soon();
        } catch (...) {
            if (channel) engine_.close(*channel);
            throw;
        }
        return channel;
    });
}

void Session::accept(ChannelId channel, ChannelUser& user) {
    or_fail([&] { engine_.accept(channel, user); });
    pump();
}

void Session::refuse(ChannelId channel, const OpenFailure& failure) {
    or_fail([&] { engine_.refuse(channel, failure); });
    pump();
}

void Session::set_readable(ChannelId channel) {
    engine_.set_readable(channel);
    pump();
}

void Session::set_writable(ChannelId channel) noexcept {
    if (engine_.waits_for(channel)) carrier_.receiver().on_reader_ready();
}

void Session::delivered(ChannelId channel, std::size_t bytes) noexcept {
    unless_it_fails([&] { engine_.delivered(channel, bytes, now()); });
}

void Session::close(ChannelId channel) noexcept {
    unless_it_fails([&] { engine_.close(channel); });
}

void Session::reset(ChannelId channel) noexcept {
    unless_it_fails([&] { engine_.reset(channel); });
}

// ---------------------------------------------------------------------- time

awaitable<void> Session::keep_time() {
    for (;;) {
        timer_at_ = next_deadline();
        timer_.expires_at(timer_at_);
        std::error_code moved;
        co_await timer_.async_wait(asio::redirect_error(use_awaitable, moved));
        engine_.on_time(now());
        release_if_idle(now());
        pump();
    }
}

TimePoint Session::next_deadline() {
    return std::min(engine_.next_deadline().value_or(TimePoint::max()), idle_.deadline());
}

void Session::release_if_idle(TimePoint when) noexcept {
    if (!idle_.is_due(when)) return;
    // What waits for its reader lies in one of them; for so long only if this program was stopped.
    if (!engine_.inbox().empty()) return idle_.on_activity(when);
    engine_.release_buffers();
    idle_.on_released();
}

void Session::on_pumped() noexcept {
    if (engine_.inbox_is_orphaned()) carrier_.receiver().on_reader_ready();
    if (next_deadline() < timer_at_) timer_.cancel();
}

}  // namespace culvert
