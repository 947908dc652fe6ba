#pragma once

#include <span>

#include "common/base/bytes.hpp"
#include "common/connection/connection_events.hpp"

namespace culvert {

/// What a read into a channel's slots came to.
struct StreamRead {
    enum class Then {
        more,     ///< there may be more at once
        drained,  ///< nothing more for now: the stream says when (ChannelStream::set_readable)
        eof,      ///< its end, clean
        closed,   ///< as eof, with nothing left to receive either: the stream is off the session
        failed,   ///< its end, not clean: a reset
    };
    std::size_t bytes = 0;
    Then then = Then::drained;
};

/// What is at our end of a channel: a socket, or a test. None of these functions waits, and none
/// throws; they may call back into the session.
class Stream {
public:
    virtual ~Stream() = default;

    /// It is this stream's turn: fill the slots, in their order.
    virtual StreamRead read(std::span<const MutableBytes> slots) noexcept = 0;
    /// Received, in order: returns how much of it was passed on, and reports that with
    /// Session::delivered. If that isn't all, it keeps nothing of the rest, and calls
    /// Session::set_writable once it may take more. Then, or sooner, that is offered again or
    /// handed to write(), unless the stream is taken off before.
    virtual std::size_t try_write(std::span<const Bytes> data) noexcept = 0;
    /// Received, in order. The views are gone on return. What it has passed on it reports with
    /// Session::delivered, now or later.
    virtual void write(std::span<const Bytes> data) noexcept = 0;
    /// The channel that was asked for is open.
    virtual void on_opened() noexcept = 0;
    /// It isn't. The stream is off the session.
    virtual void on_refused(const OpenFailure& failure) noexcept = 0;
    virtual void on_eof() noexcept = 0;
    /// Both directions have ended. The stream is off the session.
    virtual void on_closed(ChannelEnd end) noexcept = 0;
    /// The SSH connection is gone, and the channel with it. The stream is off the session.
    virtual void on_connection_lost() noexcept = 0;
};

}  // namespace culvert
