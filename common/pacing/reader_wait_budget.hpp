#pragma once

#include <algorithm>
#include <cstddef>

#include "common/base/time.hpp"

namespace culvert {

/// How long a receiver waits for a reader that can't take all at once. What it doesn't take lies in
/// the receive buffer already, and would have to be copied for the receiver to go on. That is worth
/// a wait where the reader is fast: what it takes earns it the time that a fast reader needs for
/// as much. So a slower one is waited for a part of the time only, since whatever else the peer
/// sends waits as well; and nobody is while several streams receive.
class ReaderWaitBudget {
public:
    struct Terms {
        double fast = 500e6;  ///< bytes a second: a slower reader's data costs little to copy
        /// For a receive, and earned. A reader that shares its processor is late by so much.
        Duration most = std::chrono::milliseconds{4};
        /// Longer than somebody who types takes for a key.
        Duration alone_after = std::chrono::milliseconds{500};
    };

    explicit ReaderWaitBudget(const Terms& terms) noexcept : terms_{terms}, earned_{terms.most} {}

    /// A stream that is still open last received something then, and now another one does.
    void on_others(TimePoint when) noexcept { alone_from_ = when + terms_.alone_after; }
    void on_read(std::size_t bytes) noexcept {
        const std::chrono::duration<double> time{static_cast<double>(bytes) / terms_.fast};
        earned_ = std::min(earned_ + std::chrono::duration_cast<Duration>(time), terms_.most);
    }
    void on_waited(Duration time) noexcept { earned_ -= std::min(time, earned_); }

    /// What is left now for what was received then.
    Duration left(TimePoint received, TimePoint now) const noexcept {
        if (received < alone_from_) return Duration::zero();
        const Duration time = std::min(earned_, received + terms_.most - now);
        return time < shortest_wait ? Duration::zero() : time;
    }

private:
    /// Less costs more than it saves.
    static constexpr Duration shortest_wait = std::chrono::microseconds{100};

    Terms terms_;
    Duration earned_;
    TimePoint alone_from_{};
};

}  // namespace culvert
