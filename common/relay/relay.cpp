#include "common/relay/relay.hpp"

#include <cassert>
#include <new>
#include <utility>

#include "common/net/read_away.hpp"
#include "common/net/tcp_options.hpp"
#include "common/net/timeout.hpp"

namespace culvert {

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

Relay::~Relay() { assert(!channel_); }

// ---------------------------------------------------------------------- the life of a stream

awaitable<RelayEnd> Relay::open(const ChannelType& type) {
    auto carried = carry();  // first: once the session has the stream, nothing may throw
    if (end_) return carried;
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
    try {
        if (end_) {
            session_.refuse(channel, {OpenFailureReason::connect_failed, "the stream was ended"});
            return carried;
        }
        channel_ = channel;
        reader_.on_opened();
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
        co_await reader_.ready();
        while (reader_.is_open()) {
            std::error_code ended;
            co_await reader_.readable(ended);
            if (reader_.is_open() && !take_turn()) co_await reader_.ready();
        }
        // A program that has finished sending may still reset the connection.
        if (!end_) watch_for_reset();
        if (!end_) co_await ended_.wait();
        if (*end_ == RelayEnd::clean) co_await close_cleanly();
    } catch (...) {
        reset(RelayEnd::reset_here);  // cancelled, since our owner ends; or there is no memory
    }
    co_await uncancellable();
    if (writer_.is_behind()) co_await writer_.caught_up();
    if (reader_.is_watching()) co_await reader_.watch_over();
    co_return *end_;
}

/// Lets the session read all there is. False if it has to wait with that: there is no window, or no
/// room on the way, and until there is, nobody reads from the socket.
bool Relay::take_turn() {
    reader_.begin_turn();
    session_.set_readable(*channel_);
    if (reader_.is_ready()) return true;
    watch_for_reset();
    return false;
}

void Relay::watch_for_reset() {
    reader_.watch_for_reset([this](std::error_code cancelled) {
        reader_.on_watched(cancelled);
        end_if_over();
    });
}

/// Until the program has taken all that waits, or would take more if nothing does.
awaitable<void> Relay::drain() {
    try {
        do {
            const std::size_t written = co_await writer_.write_more(tail_time_);
            if (channel_ && written > 0) session_.delivered(*channel_, written);
            end_if_over();
        } while (!end_ && writer_.has_backlog());
    } catch (...) {
        reset(RelayEnd::reset_here);  // cancelled, unless the stream has ended; or no memory
    }
    writer_.catch_up();
    if (channel_) session_.set_writable(*channel_);
    end_if_over();
}

void Relay::start_draining() noexcept {
    try {
        tasks_.spawn(drain());
    } catch (const std::bad_alloc&) {
        reset(RelayEnd::reset_here);
        writer_.catch_up();
    }
}

// ---------------------------------------------------------------------- its end

/// The stream ends with its directions: with a reset when one has failed, cleanly when the program
/// has its FIN and the channel takes no more.
void Relay::end_if_over() noexcept {
    using Reading = SocketReader::State;
    using Writing = SocketWriter::State;
    if (end_) return;
    if (reader_.state() == Reading::failed || writer_.state() == Writing::failed) {
        return reset(RelayEnd::reset_here);
    }
    if (reader_.is_open() || writer_.state() != Writing::over) return;
    set_end(RelayEnd::clean);
    if (channel_) session_.close(*std::exchange(channel_, std::nullopt));
}

void Relay::end() noexcept {
    // A clean end may still wait for its tail to arrive.
    if (end_ == RelayEnd::clean && socket_.is_open()) end_.reset();
    reset(RelayEnd::ended_here);
}

/// Ends the stream for a reason on this side: both sides are reset.
void Relay::reset(RelayEnd end) noexcept {
    if (end_) return;
    abort(end);
    if (channel_) session_.reset(*std::exchange(channel_, std::nullopt));
}

/// Ends the stream on this side, with a reset.
void Relay::abort(RelayEnd end) noexcept {
    if (end_) return;
    reader_.stop();
    writer_.stop();
    set_end(end);
    std::error_code ignored;
    socket_.close(ignored);  // which resets
}

void Relay::set_end(RelayEnd end) noexcept {
    end_ = end;
    std::error_code ignored;
    socket_.cancel(ignored);
    ended_.set();
}

awaitable<void> Relay::close_cleanly() {
    // The far end has closed although this one has not finished sending. A close now would answer
    // its next byte with a reset, which may overtake the tail that it has yet to read.
    std::size_t discarded = 0;
    // Reading on also stops a download whose program has gone.
    if (reader_.state() == SocketReader::State::finishing) {
        co_await with_timeout(let_tail_arrive(socket_, discarded), tail_time_);
    }
    // What was sent into the void must not look as if it had arrived; but a reset would take what
    // is still to arrive with it.
    const bool resets = discarded > 0 && !has_unacknowledged(socket_.native_handle());
    (void)set_on_close(socket_.native_handle(), resets ? OnClose::reset : OnClose::finish);
    std::error_code ignored;
    socket_.close(ignored);
}

// ---------------------------------------------------------------------- what the session tells

ChannelRead Relay::read(std::span<const MutableBytes> slots) noexcept {
    const ChannelRead read = reader_.read(slots);
    if (reader_.is_open()) return read;
    // It may not be called back from here: it closes the channel for what it is told.
    if (reader_.state() == SocketReader::State::failed) {
        channel_.reset();
        abort(RelayEnd::reset_here);
    } else if (writer_.state() == SocketWriter::State::over) {
        // Both directions are over: EOF and CLOSE go in one piece.
        channel_.reset();
        set_end(RelayEnd::clean);
        return {0, ChannelRead::Then::closed};
    }
    return read;
}

std::size_t Relay::write(std::span<const Bytes> data, Rest rest) noexcept {
    const bool was_behind = writer_.is_behind();
    const std::size_t written = writer_.write(data, rest);
    if (writer_.is_behind() && !was_behind) start_draining();
    end_if_over();
    return written;
}

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
    writer_.on_eof();
    end_if_over();
}

void Relay::on_closed(ChannelEnd end) noexcept {
    channel_.reset();
    if (end == ChannelEnd::reset) return abort(RelayEnd::reset_there);
    // Peers that never send EOF end a stream this way (docs/contract.md).
    reader_.on_closed();
    writer_.on_closed(session_.windows());
    end_if_over();
}

void Relay::on_lost() noexcept {
    channel_.reset();
    abort(RelayEnd::connection_lost);
}

}  // namespace culvert
