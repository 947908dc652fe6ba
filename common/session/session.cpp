#include "common/session/session.hpp"

#include <algorithm>
#include <cassert>
#include <new>
#include <utility>

#include <asio/redirect_error.hpp>

#include "common/net/both.hpp"
#include "common/net/read_away.hpp"
#include "common/net/tcp_options.hpp"
#include "common/net/timeout.hpp"
#include "common/session/farewell.hpp"
#include "common/wire/protocol_error.hpp"

namespace culvert {
namespace {

// How long a peer that we leave may take to read why.
constexpr Duration farewell_time = std::chrono::milliseconds{500};

TimePoint now() { return Clock::now(); }

}  // namespace

Session::Session(TcpSocket socket, EngineConfig config, Random& random, SessionOwner& owner,
                 const Patience::Terms& patience, Duration idle_time)
    : socket_{std::move(socket)},
      engine_{std::move(config), random, now()},
      owner_{owner},
      patience_{patience},
      timer_{socket_.get_executor()},
      idle_time_{idle_time},
      last_active_{now()} {
    run_.reserve(longest_run);
    // A kernel that refuses one of these carries the connection all the same, only slower.
    (void)set_no_delay(socket_);
    follow_output_target(output_target_.bytes());
}

Session::~Session() { assert(!waits_writable_ && !pumps_soon_); }

// ---------------------------------------------------------------------- the life of a connection

awaitable<void> Session::run() {
    std::exception_ptr why;
    try {
        pump();
        co_await both(both(read_loop(), keep_time()), wait_for_failure());
    } catch (...) {
        why = std::current_exception();
    }
    co_await uncancellable();
    ended_ = true;
    tell_end(why);
    for (Stream*& stream : streams_) {
        if (stream != nullptr) std::exchange(stream, nullptr)->on_connection_lost();
    }
    co_await close_socket();
    co_await cancellable();
    if (!end_asked_) std::rethrow_exception(why);
}

awaitable<void> Session::wait_for_failure() {
    co_await failed_.wait();
    std::rethrow_exception(failure_);
}

void Session::fail(std::exception_ptr why) noexcept {
    if (failure_ || ended_) return;
    failure_ = std::move(why);
    failed_.set();
}

void Session::end(DisconnectReason reason, std::string_view description) noexcept {
    if (ended_ || failure_) return;
    end_asked_ = true;
    try {
        fail(std::make_exception_ptr(ProtocolError{std::string{description}, reason}));
    } catch (const std::bad_alloc&) {
        fail(std::current_exception());
    }
}

void Session::tell_end(const std::exception_ptr& why) noexcept {
    try {
        if (const auto farewell = farewell_for(why)) engine_.end(farewell->reason, farewell->text);
    } catch (...) {
        // It ends without a word: there is no memory, or what has failed is the compression.
    }
}

awaitable<void> Session::close_socket() {
    std::error_code ignored;
    try {
        if (engine_.ended()) co_await with_timeout(flush_output(), farewell_time);
        socket_.shutdown(TcpSocket::shutdown_send, ignored);
        std::size_t discarded = 0;
        if (engine_.ended()) {
            co_await with_timeout(let_tail_arrive(socket_, discarded), farewell_time);
        }
    } catch (...) {
        // The farewell has failed, and the connection is over.
    }
    socket_.close(ignored);
    if (waits_writable_) co_await writable_wait_over_.wait();
    if (pumps_soon_) co_await pumped_.wait();
}

// ---------------------------------------------------------------------- remote forwards

template <class Function>
auto Session::or_fail(Function function) {
    try {
        return function();
    } catch (...) {
        fail(std::current_exception());
        throw;
    }
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

// ---------------------------------------------------------------------- streams

void Session::make_room(ChannelId channel) {
    if (streams_.size() <= channel.value()) streams_.resize(channel.value() + 1);
}

Stream& Session::detach(ChannelId channel) {
    set_writable(channel);  // nobody need wait for it
    if (channel == run_channel_) run_at_ = {};
    return *std::exchange(streams_[channel.value()], nullptr);
}

std::optional<ChannelId> Session::open(Stream& stream, const ChannelType& type) {
    std::optional<ChannelId> channel;
    try {
        make_room(engine_.next_channel());
        channel = engine_.open(type, now());
        if (channel) streams_[channel->value()] = &stream;
        pump_soon();
        return channel;
    } catch (...) {
        if (channel) detach(*channel);
        fail(std::current_exception());
        throw;
    }
}

void Session::accept(ChannelId channel, Stream& stream) {
    try {
        make_room(channel);
        streams_[channel.value()] = &stream;
        engine_.confirm_open(channel);
    } catch (...) {
        if (is_attached(channel)) detach(channel);
        fail(std::current_exception());
        throw;
    }
    pump();
}

void Session::refuse(ChannelId channel, const OpenFailure& failure) {
    or_fail([&] { engine_.refuse_open(channel, failure); });
    pump();
}

void Session::set_readable(ChannelId channel) {
    engine_.set_readable(channel, true);
    pump();
}

void Session::delivered(ChannelId channel, std::size_t bytes) noexcept {
    if (!is_attached(channel)) return;
    patience_.on_read(bytes);
    try {
        engine_.delivered(channel, bytes, now());
    } catch (...) {
        fail(std::current_exception());
    }
    pump();
}

void Session::close(ChannelId channel) noexcept {
    if (!is_attached(channel)) return;
    detach(channel);
    try {
        engine_.close(channel);
    } catch (...) {
        fail(std::current_exception());
    }
    pump();
}

void Session::reset(ChannelId channel) noexcept {
    if (!is_attached(channel)) return;
    detach(channel);
    try {
        engine_.reset(channel);
    } catch (...) {
        fail(std::current_exception());
    }
    pump();
}

// ---------------------------------------------------------------------- time

awaitable<void> Session::keep_time() {
    for (;;) {
        timer_at_ = next_deadline();
        timer_.expires_at(timer_at_);
        std::error_code moved;
        co_await timer_.async_wait(asio::redirect_error(use_awaitable, moved));
        if (const auto event = engine_.on_time(now())) {
            on_connection_event(std::get<ConnectionEvent>(*event));
        }
        release_if_idle();
        pump();
    }
}

TimePoint Session::next_deadline() {
    const TimePoint engines = engine_.next_deadline().value_or(TimePoint::max());
    return holds_buffers_ ? std::min(engines, last_active_ + idle_time_) : engines;
}

void Session::release_if_idle() noexcept {
    if (!holds_buffers_ || now() - last_active_ < idle_time_) return;
    // What waits for its reader lies in one of them; for so long only if this program was stopped.
    if (!run_.empty()) return note_activity(now());
    engine_.release_buffers();
    holds_buffers_ = false;
}

void Session::rearm_timer() {
    if (next_deadline() < timer_at_) timer_.cancel();
}

}  // namespace culvert
