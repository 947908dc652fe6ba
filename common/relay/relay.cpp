#include "common/relay/relay.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <new>
#include <utility>

#include <asio/buffer.hpp>
#include <asio/redirect_error.hpp>

#include "common/base/memory_reserve.hpp"
#include "common/net/read_away.hpp"
#include "common/net/tcp_options.hpp"
#include "common/net/timeout.hpp"

namespace culvert {
namespace {

// What one writev takes; Asio has room for no more.
constexpr std::size_t most_buffers = 64;

std::size_t size_of(std::span<const Bytes> data) {
    std::size_t size = 0;
    for (const Bytes piece : data) size += piece.size();
    return size;
}

}  // namespace

std::string_view name_of(RelayEnd end) noexcept {
    switch (end) {
        case RelayEnd::clean:
            return "closed";
        case RelayEnd::refused:
            return "not opened";
        case RelayEnd::reset_here:
            return "reset by the near end";
        case RelayEnd::reset_there:
            return "reset by the far end";
        case RelayEnd::connection_lost:
            return "connection lost";
        case RelayEnd::ended_here:
            return "ended as asked";
    }
    return "";
}

Relay::Relay(StreamSocket socket, Session& session, TaskGroup& tasks, Duration tail_time)
    : socket_{std::move(socket)}, session_{session}, tasks_{tasks}, tail_time_{tail_time} {
    (void)set_on_close(socket_.native_handle(), OnClose::reset);
}

Relay::~Relay() { assert(!channel_ && !draining_ && !watching_); }

// ---------------------------------------------------------------------- the life of a stream

awaitable<RelayEnd> Relay::open(const ChannelType& type) {
    auto carried = carry();  // first: once the session has the stream, nothing may throw
    try {
        channel_ = session_.open(type, *this);
        if (!channel_) {
            failure_ = {OpenFailureReason::resource_shortage,
                        "too many streams on this connection, or for window_memory"};
            abort(RelayEnd::refused);
        }
    } catch (...) {
        abort(RelayEnd::connection_lost);  // the session ends
    }
    return carried;
}

awaitable<RelayEnd> Relay::accept(ChannelId channel) {
    auto carried = carry();
    channel_ = channel;
    opened_.set();
    try {
        session_.accept(channel, *this);
    } catch (...) {
        channel_.reset();
        abort(RelayEnd::connection_lost);  // the session ends
    }
    return carried;
}

// While both directions are open this is the only frame: an idle stream is little else.
awaitable<RelayEnd> Relay::carry() {
    try {
        co_await opened_.wait();
        while (may_send()) {
            std::error_code ended;
            co_await socket_.async_wait(StreamSocket::wait_read,
                                        asio::redirect_error(use_awaitable, ended));
            if (may_send() && !take_turn()) co_await turn_over_.wait();
        }
        finish_if_done();
        co_await wait_for_end();
        if (*end_ == RelayEnd::clean) co_await close_cleanly();
    } catch (...) {
        fail_here();  // cancelled, since our owner ends; or there is no memory
    }
    co_await uncancellable();
    if (draining_) co_await drained_.wait();
    if (watching_) co_await watch_over_.wait();
    co_return *end_;
}

bool Relay::may_send() const noexcept { return !end_ && !eof_sent_ && channel_; }

/// Lets the session read all there is. False if it has to wait with that: there is no window, or no
/// room on the way, and until there is, nobody reads from the socket.
bool Relay::take_turn() {
    turn_over_.reset();
    session_.set_readable(*channel_);
    if (turn_over_.is_set()) return true;
    watch_for_reset();
    return false;
}

awaitable<void> Relay::wait_for_end() {
    // A program that has finished sending may still reset the connection.
    if (!end_) watch_for_reset();
    if (!end_) co_await ended_.wait();
}

/// A reset is found by whoever reads. While nobody does, the socket itself is watched.
void Relay::watch_for_reset() {
    if (watching_) return;
    watch_over_.reset();
    socket_.async_wait(StreamSocket::wait_error, [this](std::error_code cancelled) {
        watching_ = false;
        if (!end_ && !cancelled) {
            // The end of both directions wakes this too, and is no reset.
            if (pending_error(socket_.native_handle())) fail_here();
        }
        watch_over_.set();
    });
    watching_ = true;
}

awaitable<void> Relay::close_cleanly() {
    // The far end has closed although this one has not finished sending. A close now would answer
    // its next byte with a reset, which may overtake the tail that it has yet to read.
    std::size_t discarded = 0;
    // A download that nobody wants stops by that, too.
    if (!eof_sent_) co_await with_timeout(let_tail_arrive(socket_, discarded), tail_time_);
    // What was sent into the void must not look as if it had arrived; but a reset would take what
    // is still to arrive with it.
    const bool resets = discarded > 0 && !has_unacknowledged(socket_.native_handle());
    (void)set_on_close(socket_.native_handle(), resets ? OnClose::reset : OnClose::finish);
    std::error_code ignored;
    socket_.close(ignored);
}

void Relay::set_end(RelayEnd end) noexcept {
    end_ = end;
    std::error_code ignored;
    socket_.cancel(ignored);
    opened_.set();
    turn_over_.set();
    ended_.set();
}

void Relay::abort(RelayEnd end) noexcept {
    if (end_) return;
    set_end(end);
    std::error_code ignored;
    socket_.close(ignored);  // which resets
}

void Relay::end() noexcept {
    if (end_) return;
    abort(RelayEnd::ended_here);
    if (channel_) session_.reset(*std::exchange(channel_, std::nullopt));
}

void Relay::fail_here() noexcept {
    if (end_) return;
    abort(RelayEnd::reset_here);
    if (channel_) session_.reset(*std::exchange(channel_, std::nullopt));
}

void Relay::finish_if_done() noexcept {
    if (end_ || !fin_sent_ || (channel_ && !eof_sent_)) return;
    set_end(RelayEnd::clean);
    if (channel_) session_.close(*std::exchange(channel_, std::nullopt));
}

// ---------------------------------------------------------------------- socket to channel

ChannelRead Relay::read(std::span<const MutableBytes> slots) noexcept {
    std::array<asio::mutable_buffer, Engine::most_slots> buffers;
    std::size_t room = 0;
    for (std::size_t i = 0; i < slots.size(); ++i) {
        buffers[i] = asio::buffer(slots[i].data(), slots[i].size());
        room += slots[i].size();
    }
    std::error_code failure;
    const std::size_t length = socket_.read_some(std::span{buffers}.first(slots.size()), failure);
    bytes_sent_ += length;
    if (!failure && length == room) return {length, ChannelRead::Then::more};
    if (!failure || failure == asio::error::would_block) {
        turn_over_.set();
        return {length, ChannelRead::Then::would_block};
    }
    if (failure == asio::error::eof) {
        eof_sent_ = true;
        if (fin_sent_) {
            // Both directions are over: EOF and CLOSE go in one piece.
            channel_.reset();
            set_end(RelayEnd::clean);
            return {0, ChannelRead::Then::closed};
        }
        turn_over_.set();
        return {0, ChannelRead::Then::eof};
    }
    channel_.reset();  // the session takes us off
    abort(RelayEnd::reset_here);
    return {0, ChannelRead::Then::failed};
}

// ---------------------------------------------------------------------- channel to socket

std::size_t Relay::write(std::span<const Bytes> data, Rest rest) noexcept {
    const std::size_t written = draining_ ? 0 : write_now(data);
    if (!channel_ || written == size_of(data)) return written;
    start_draining();
    if (channel_ && rest == Rest::keep) keep_for_later(data, written);
    return written;
}

std::size_t Relay::write_now(std::span<const Bytes> data) noexcept {
    std::array<asio::const_buffer, most_buffers> buffers;
    std::size_t size = 0;
    assert(data.size() <= most_buffers);
    for (std::size_t i = 0; i < data.size(); ++i) {
        buffers[i] = asio::buffer(data[i].data(), data[i].size());
        size += data[i].size();
    }
    if (size == 0) return 0;
    std::error_code failure;
    const std::size_t written = socket_.write_some(std::span{buffers}.first(data.size()), failure);
    bytes_received_ += written;
    if (failure && failure != asio::error::would_block) fail_here();
    return written;
}

/// Buffers what the socket did not take; resets the stream when memory is low.
void Relay::keep_for_later(std::span<const Bytes> data, std::size_t written) noexcept {
    if (!has_memory()) return fail_here();
    try {
        for (const Bytes piece : data) {
            const std::size_t skipped = std::min(written, piece.size());
            written -= skipped;
            backlog_.append(piece.subspan(skipped));
        }
    } catch (const std::bad_alloc&) {
        fail_here();
    }
}

void Relay::start_draining() noexcept {
    if (draining_) return;
    try {
        tasks_.spawn(drain_backlog());
    } catch (const std::bad_alloc&) {
        fail_here();
    }
}

/// Until the socket has taken all that waits, or would take more if nothing does.
awaitable<void> Relay::drain_backlog() {
    draining_ = true;
    drained_.reset();
    try {
        do {
            const bool writable = co_await with_timeout(wait_writable(), tail_time_);
            if (end_) break;
            // Nobody at the far end waits for a reader any more who takes nothing.
            if (!writable && !channel_) fail_here();
            std::array<Bytes, most_buffers> views;
            const std::size_t written = write_now(backlog_.front(views));
            backlog_.taken(written);
            if (channel_ && written > 0) session_.delivered(*channel_, written);
        } while (!end_ && !backlog_.empty());
    } catch (...) {
        fail_here();  // cancelled, unless the stream has ended; or there is no memory
    }
    backlog_.clear();
    kept_.reset();
    draining_ = false;
    drained_.set();
    if (channel_) session_.set_writable(*channel_);
    on_written();
}

awaitable<void> Relay::wait_writable() {
    co_await socket_.async_wait(StreamSocket::wait_write, use_awaitable);
}

void Relay::on_written() noexcept {
    if (!end_ && eof_received_ && !draining_ && !fin_sent_) {
        std::error_code failure;
        socket_.shutdown(StreamSocket::shutdown_send, failure);
        fin_sent_ = true;
        if (failure) return fail_here();
    }
    finish_if_done();
}

// ---------------------------------------------------------------------- what the session tells

void Relay::on_opened() noexcept { opened_.set(); }

void Relay::on_refused(const OpenFailure& failure) noexcept {
    channel_.reset();
    failure_.reason = failure.reason;
    try {
        failure_.description = failure.description;
    } catch (const std::bad_alloc&) {
        // The reason has to do.
    }
    abort(RelayEnd::refused);
}

void Relay::on_eof() noexcept {
    eof_received_ = true;
    on_written();
}

void Relay::on_closed(ChannelEnd end) noexcept {
    channel_.reset();
    if (end == ChannelEnd::reset) return abort(RelayEnd::reset_there);
    // The window's claim has gone with the channel; what it let in is still here.
    if (!backlog_.empty()) kept_.emplace(session_.windows(), backlog_.size());
    // Peers that never send EOF end a stream this way (design 9).
    eof_received_ = true;
    turn_over_.set();
    on_written();
}

void Relay::on_lost() noexcept {
    channel_.reset();
    abort(RelayEnd::connection_lost);
}

}  // namespace culvert
