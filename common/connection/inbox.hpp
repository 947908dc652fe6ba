#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "common/base/bytes.hpp"
#include "common/base/time.hpp"
#include "common/pacing/limits.hpp"
#include "common/pacing/reader_wait_budget.hpp"
#include "common/wire/connection_messages.hpp"

namespace culvert {

/// Consecutive data for one channel, on their way from where they were received to the channel's
/// user: it gets them with one call.
class Inbox {
public:
    explicit Inbox(const ReaderWaitBudget::Terms& reader_wait) : reader_wait_{reader_wait} {
        pieces_.reserve(most_pieces);
    }

    bool empty() const noexcept { return pieces_.empty(); }
    bool full() const noexcept { return pieces_.size() == most_pieces; }
    /// The channel of these data, or of the last ones.
    ChannelId channel() const noexcept { return channel_; }
    std::span<const Bytes> pieces() const noexcept { return pieces_; }

    /// Of this channel while there is anything of it, else of any.
    void add(ChannelId channel, Bytes data, TimePoint received) {
        if (channel != channel_) reader_wait_.on_others(received_);
        channel_ = channel;
        received_ = received;
        pieces_.push_back(data);
    }
    void drop_front(std::size_t bytes) noexcept;
    void clear() noexcept { pieces_.clear(); }
    /// The channel is over, or has lost its user.
    void forget(ChannelId channel) noexcept {
        if (channel == channel_) received_ = {};
    }

    /// For how long the receiver waits for its user, if that doesn't take all at once.
    Duration time_left(TimePoint now) const noexcept { return reader_wait_.left(received_, now); }
    void on_waited(Duration time) noexcept { reader_wait_.on_waited(time); }
    /// A user has passed on this much, now or later.
    void on_delivered(std::size_t bytes) noexcept { reader_wait_.on_read(bytes); }

private:
    static constexpr std::size_t most_pieces = limits::buffer::inbox_pieces;

    std::vector<Bytes> pieces_;
    ChannelId channel_;
    TimePoint received_{};  ///< when that channel last received anything
    ReaderWaitBudget reader_wait_;
};

}  // namespace culvert
