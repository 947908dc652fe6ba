#pragma once

#include <algorithm>
#include <cstddef>

#include "common/base/time.hpp"
#include "common/pacing/limits.hpp"

namespace culvert {

/// How long a receiver waits for a reader that can't take all at once. What the reader doesn't take
/// lies in the receive buffer already, and would have to be copied for the receiver to go on: a
/// fast reader is worth the wait. A token bucket bounds it, whose tokens are time: what a reader
/// takes adds the time that a fast reader needs for as much. So a slower reader is waited for a
/// part of the time only, since all that the peer sends waits as well; none is while several
/// streams receive.
class ReaderWaitBudget {
public:
    struct Terms {
        double fast = limits::reader_wait::fast;    ///< bytes a second
        Duration most = limits::reader_wait::most;  ///< tokens, and the longest wait for a receive
        Duration alone_after = limits::reader_wait::alone_after;
    };

    explicit ReaderWaitBudget(const Terms& terms) noexcept : terms_{terms}, tokens_{terms.most} {}

    /// Another stream, which is still open, last received something then.
    void on_others(TimePoint when) noexcept { alone_from_ = when + terms_.alone_after; }
    void on_read(std::size_t bytes) noexcept {
        const std::chrono::duration<double> time{static_cast<double>(bytes) / terms_.fast};
        tokens_ = std::min(tokens_ + std::chrono::duration_cast<Duration>(time), terms_.most);
    }
    void on_waited(Duration time) noexcept { tokens_ -= std::min(time, tokens_); }

    /// What is left now for what was received then.
    Duration left(TimePoint received, TimePoint now) const noexcept {
        if (received < alone_from_) return Duration::zero();
        const Duration time = std::min(tokens_, received + terms_.most - now);
        return time < limits::reader_wait::shortest ? Duration::zero() : time;
    }

private:
    Terms terms_;
    Duration tokens_;
    TimePoint alone_from_{};
};

}  // namespace culvert
