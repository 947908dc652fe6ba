#include "common/session/session.hpp"

#include <algorithm>
#include <cassert>
#include <new>
#include <utility>

#include <fmt/format.h>
#include <asio/buffer.hpp>
#include <asio/post.hpp>
#include <asio/redirect_error.hpp>

#include "common/base/escape.hpp"
#include "common/net/both.hpp"
#include "common/net/read_away.hpp"
#include "common/net/tcp_options.hpp"
#include "common/net/timeout.hpp"
#include "common/session/farewell.hpp"
#include "common/session/socket_failure.hpp"
#include "common/wire/protocol_error.hpp"

namespace culvert {
namespace {

// One connection may keep its thread for this many large receives at a time.
constexpr int receives_a_turn = 4;
// A connection that is silent for this long gives its buffers back.
constexpr Duration idle_time = std::chrono::seconds{5};
// How long a peer that we leave may take to read why.
constexpr Duration farewell_time = std::chrono::milliseconds{500};

TimePoint now() { return Clock::now(); }

}  // namespace

Session::Session(TcpSocket socket, EngineConfig config, Random& random, SessionOwner& owner)
    : socket_{std::move(socket)},
      engine_{std::move(config), random, now()},
      owner_{owner},
      timer_{socket_.get_executor()} {
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
    } catch (const std::bad_alloc&) {
        // It ends without a word.
    }
}

awaitable<void> Session::close_socket() {
    if (engine_.ended()) co_await with_timeout(flush_output(), farewell_time);
    std::error_code ignored;
    socket_.shutdown(TcpSocket::shutdown_send, ignored);
    if (engine_.ended()) co_await with_timeout(read_away(socket_), farewell_time);
    socket_.close(ignored);
    if (waits_writable_) co_await writable_wait_over_.wait();
    if (pumps_soon_) co_await pumped_.wait();
}

// ---------------------------------------------------------------------- receiving

awaitable<void> Session::read_loop() {
    for (;;) {
        co_await socket_.async_wait(TcpSocket::wait_read, use_awaitable);
        for (int i = 0; i < receives_a_turn; ++i) {
            const bool company = engine_.has_company(last_received_);
            const MutableBytes space =
                engine_.receive_space(company ? Company::batch : batch_share_.bytes());
            std::error_code failure;
            const std::size_t length =
                socket_.receive(asio::buffer(space.data(), space.size()), 0, failure);
            if (failure == asio::error::would_block) break;
            if (failure == asio::error::eof) engine_.on_peer_gone(Engine::Gone::closed);
            if (failure == asio::error::connection_reset) {
                engine_.on_peer_gone(Engine::Gone::reset);
            }
            if (failure) throw lost(failure);
            last_received_ = now();
            engine_.received(length, last_received_);
            co_await dispatch();
            const bool took_all = length < space.size();
            // OpenSSH leaves Nagle's algorithm on for forwards; no culvert does.
            if (took_all && !engine_.peer_is_culvert()) acknowledge_now(socket_);
            if (took_all || company) break;
        }
    }
}

awaitable<void> Session::dispatch() {
    dispatching_ = true;
    while (auto event = engine_.poll(last_received_)) {
        if (const auto* of_channel = std::get_if<ConnectionEvent>(&*event)) {
            on_connection_event(*of_channel);
            if (engine_.views_are_transient()) deliver_run();
            continue;
        }
        dispatching_ = false;
        co_await on_event(std::move(*event));
        dispatching_ = true;
    }
    deliver_run();
    dispatching_ = false;
    announce_ready();
    announce_no_channels();
    pump();
}

awaitable<void> Session::on_event(EngineEvent event) {
    deliver_run();
    if (auto* offered = std::get_if<HostKeyOffered>(&event)) {
        co_await owner_.check_host_key(std::move(offered->key));
        engine_.accept_host_key(now());
    } else if (auto* wanted = std::get_if<SignatureWanted>(&event)) {
        const auto signature = co_await owner_.sign(std::move(*wanted));
        if (signature) {
            engine_.provide_signature(*signature);
        } else {
            engine_.decline_signature();
        }
    } else if (auto* shown = std::get_if<KeyShown>(&event)) {
        if (co_await owner_.allows(std::move(*shown))) {
            engine_.accept_key(now());
        } else {
            engine_.refuse_key();
        }
    } else if (const auto* authenticated = std::get_if<Authenticated>(&event)) {
        owner_.on_authenticated(*authenticated);
    } else if (const auto* banner = std::get_if<BannerReceived>(&event)) {
        owner_.on_banner(*banner);
    } else if (std::holds_alternative<Rekeyed>(event)) {
        owner_.on_rekeyed();
    } else if (std::holds_alternative<TurnOver>(event)) {
        co_await asio::post(use_awaitable);
    } else if (const auto* ended = std::get_if<PeerDisconnected>(&event)) {
        std::string text = "the peer ended the connection: " + escaped(ended->description);
        const auto by_application = static_cast<std::uint32_t>(DisconnectReason::by_application);
        // One that shuts down, or can't decide for now, has not refused the keys that it was shown.
        dismissed_ = ended->reason != by_application;
        if (dismissed_) text += fmt::format(" (reason {})", ended->reason);
        throw Error{ErrorKind::network, text};
    }
}

void Session::announce_ready() {
    if (announced_ready_ || !ready()) return;
    announced_ready_ = true;
    owner_.on_ready();
}

void Session::announce_no_channels() {
    const bool has_channels = engine_.channels() > 0;
    if (std::exchange(had_channels_, has_channels) && !has_channels) owner_.on_no_channels();
}

void Session::on_connection_event(const ConnectionEvent& event) {
    if (const auto* data = std::get_if<ChannelDataReceived>(&event)) return on_data(*data);
    if (const auto* closed = std::get_if<ChannelClosed>(&event)) return on_closed(*closed);
    deliver_run();
    if (const auto* eof = std::get_if<ChannelEofReceived>(&event)) {
        // The data ahead of it may just have shown the stream that its own end is gone.
        if (is_attached(eof->channel)) stream(eof->channel).on_eof();
    } else if (const auto* opened = std::get_if<ChannelOpened>(&event)) {
        stream(opened->channel).on_opened();
    } else if (const auto* refused = std::get_if<ChannelRefused>(&event)) {
        detach(refused->channel).on_refused(refused->failure);
    } else if (const auto* requested = std::get_if<ChannelRequested>(&event)) {
        owner_.on_channel_requested(*requested);
    } else if (const auto* denied = std::get_if<RequestDenied>(&event)) {
        owner_.on_denied(*denied);
    }
}

void Session::on_data(const ChannelDataReceived& data) {
    if (data.channel != run_channel_ || run_.size() == longest_run) deliver_run();
    run_channel_ = data.channel;
    run_.push_back(data.data);
}

void Session::on_closed(const ChannelClosed& closed) {
    // Taken off before it is handed what came ahead of the CLOSE: its channel is gone.
    const bool has_tail = !run_.empty() && run_channel_ == closed.channel;
    if (!has_tail) deliver_run();
    Stream& stream = detach(closed.channel);
    if (has_tail) stream.write(run_);
    if (has_tail) run_.clear();
    stream.on_closed(closed.end);
}

void Session::deliver_run() noexcept {
    if (run_.empty()) return;
    // The stream may have been reset since by its own end; then nobody wants the data.
    if (Stream* const receiver = streams_[run_channel_.value()]) receiver->write(run_);
    run_.clear();
}

// ---------------------------------------------------------------------- streams

void Session::make_room(ChannelId channel) {
    if (streams_.size() <= channel.value()) streams_.resize(channel.value() + 1);
}

Stream& Session::detach(ChannelId channel) {
    return *std::exchange(streams_[channel.value()], nullptr);
}

std::optional<ChannelId> Session::open(Stream& stream, const Endpoint& target,
                                       const Endpoint& originator) {
    std::optional<ChannelId> channel;
    try {
        make_room(engine_.next_channel());
        channel = engine_.open_direct_tcpip(target, originator, now());
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
        fail(std::current_exception());
        throw;
    }
    pump();
}

void Session::refuse(ChannelId channel, const OpenFailure& failure) {
    engine_.refuse_open(channel, failure);
    pump();
}

void Session::set_readable(ChannelId channel) {
    engine_.set_readable(channel, true);
    pump();
}

void Session::delivered(ChannelId channel, std::size_t bytes) noexcept {
    if (!is_attached(channel)) return;
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
        const auto deadline = engine_.next_deadline();
        timer_at_ = deadline.value_or(TimePoint::max());
        timer_.expires_at(timer_at_);
        std::error_code moved;
        co_await timer_.async_wait(asio::redirect_error(use_awaitable, moved));
        if (const auto event = engine_.on_time(now())) {
            on_connection_event(std::get<ConnectionEvent>(*event));
        }
        if (now() - last_received_ >= idle_time) engine_.release_buffers();
        pump();
    }
}

void Session::rearm_timer() {
    const auto deadline = engine_.next_deadline();
    if (deadline && *deadline < timer_at_) timer_.cancel();
}

}  // namespace culvert
