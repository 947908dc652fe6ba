#pragma once

#include <cassert>
#include <cstdint>
#include <span>
#include <system_error>
#include <utility>

#include "common/connection/channel_user.hpp"
#include "common/net/awaitable.hpp"
#include "common/net/event.hpp"
#include "common/net/on_io_context.hpp"

namespace culvert {

/// One direction of a relay: what a program sends on its socket goes into a channel, up to the
/// program's EOF. The coroutine that carries the stream runs it step by step, and is the only frame
/// of an idle stream.
class SocketReader {
public:
    enum class State : std::uint8_t {
        open,       ///< what the program sends goes into the channel
        finishing,  ///< the channel is gone, but the program has not finished sending
        over,       ///< the program has finished sending, or the stream was aborted
        failed,     ///< the program has reset its connection
    };

    /// The socket must outlive it.
    explicit SocketReader(StreamSocket& socket) noexcept : socket_{socket} { watch_over_.set(); }
    SocketReader(const SocketReader&) = delete;
    SocketReader& operator=(const SocketReader&) = delete;
    ~SocketReader() { assert(!is_watching()); }

    State state() const noexcept { return state_; }
    bool is_open() const noexcept { return state_ == State::open; }
    /// What went into the channel.
    std::uint64_t bytes() const noexcept { return bytes_; }

    // ---- events
    /// The channel is open.
    void on_opened() noexcept { ready_.set(); }
    /// The channel is gone.
    void on_closed() noexcept;
    /// The stream is aborted.
    void stop() noexcept;

    // ---- steps
    /// Returns once the channel is open and no turn is under way, or it is not `open` any more.
    awaitable<void> ready() { return ready_.wait(); }
    bool is_ready() const noexcept { return ready_.is_set(); }
    /// Returns when there is something to read, or the socket was cancelled. `ended` must live
    /// until then.
    awaitable<void> readable(std::error_code& ended);
    /// The channel is to have its turn: it lasts until read() has found all there is.
    void begin_turn() noexcept { ready_.reset(); }
    /// Fills the slots, in their order.
    ChannelRead read(std::span<const MutableBytes> slots) noexcept;

    // ---- a reset is found by reading; while nothing is read, the socket itself is watched
    /// Until it fails or is cancelled: `handler` gets an error_code, and gives it to on_watched().
    /// Throws where there is no memory to wait with.
    template <class Handler>
    void watch_for_reset(Handler handler) {
        if (is_watching()) return;
        socket_.async_wait(StreamSocket::wait_error, std::move(handler));
        watch_over_.reset();
    }
    void on_watched(std::error_code cancelled) noexcept;
    bool is_watching() const noexcept { return !watch_over_.is_set(); }
    awaitable<void> watch_over() { return watch_over_.wait(); }

private:
    StreamSocket& socket_;
    std::uint64_t bytes_ = 0;
    Event ready_;
    Event watch_over_;  ///< set but while the socket is watched
    State state_ = State::open;
};

}  // namespace culvert
