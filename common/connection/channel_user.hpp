#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "common/base/bytes.hpp"
#include "common/connection/open_failure.hpp"

namespace culvert {

/// How a channel ended, as the peer told it.
enum class ChannelEnd : std::uint8_t {
    clean,  ///< CHANNEL_CLOSE, after EOF or, from peers that always close that way, without it
    reset,  ///< reset@culvert.internal before CHANNEL_CLOSE
};

/// What a read into a channel's slots came to.
struct ChannelRead {
    enum class Then : std::uint8_t {
        more,         ///< there may be more at once
        would_block,  ///< nothing more for now: the user says when (set_readable)
        eof,          ///< its end, clean
        closed,       ///< as eof, with nothing left to receive either: the user is off the channel
        failed,       ///< its end, not clean: a reset, and the user is off the channel
    };
    std::size_t bytes = 0;
    Then then = Then::would_block;
};

/// What a channel's user does with received data that it can't pass on at once.
enum class Rest : std::uint8_t {
    keep,   ///< it keeps them: the views are gone on return
    leave,  ///< it leaves them where they lie, and calls set_writable once it may take more
};

/// What is at our end of a channel: a socket, or a test. None of these functions waits, and none
/// throws; they may call back into what they were called from. A user that is off its channel is
/// called no more.
class ChannelUser {
public:
    virtual ~ChannelUser() = default;

    /// The channel has its turn: fill the slots, in their order. It may not call back: what becomes
    /// of the channel follows from what it returns.
    virtual ChannelRead read(std::span<const MutableBytes> slots) noexcept = 0;
    /// Received, in order: returns how many bytes were passed on at once. Those that are kept are
    /// reported as they are passed on (delivered). What is left is offered again or handed over to
    /// be kept, when the user says that it may take more or sooner.
    virtual std::size_t write(std::span<const Bytes> data, Rest rest) noexcept = 0;
    /// The channel that was asked for is open.
    virtual void on_opened() noexcept = 0;
    /// It isn't. The user is off the channel.
    virtual void on_refused(const OpenFailure& failure) noexcept = 0;
    virtual void on_eof() noexcept = 0;
    /// Both directions have ended. The user is off the channel.
    virtual void on_closed(ChannelEnd end) noexcept = 0;
    /// The SSH connection is gone, and the channel with it. The user is off the channel.
    virtual void on_lost() noexcept = 0;
};

}  // namespace culvert
