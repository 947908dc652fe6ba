#pragma once

#include <cstddef>
#include <optional>

#include <asio/io_context.hpp>

#include "common/base/time.hpp"

namespace culvert::test {

/// As long as it lives, Clock stands still on this thread unless advance() moves it. The timers of
/// one io_context, created after it, are those that it knows.
class VirtualTime {
public:
    VirtualTime() noexcept;
    VirtualTime(const VirtualTime&) = delete;
    VirtualTime& operator=(const VirtualTime&) = delete;
    ~VirtualTime();

    TimePoint now() const noexcept { return now_; }
    /// When the earliest timer is due, or was before it was cancelled; none without a timer.
    std::optional<TimePoint> earliest() const noexcept { return earliest_; }
    /// Moves on to the earliest timer, and lets all that are due then be ready.
    void advance(asio::io_context& context);

private:
    friend struct culvert::Clock;
    Duration sleep_time(Duration left) noexcept;

    TimePoint now_;
    std::optional<TimePoint> earliest_;
    bool checks_timers_ = false;
};

/// Runs an io_context on virtual time: where nothing is ready, time passes until a timer is due.
class VirtualRun {
public:
    VirtualRun(VirtualTime& time, asio::io_context& context) noexcept
        : time_{time}, context_{context} {}

    enum class Step {
        ran,   ///< one handler
        hung,  ///< nothing is ready, no timer will be, and something is still awaited
        over,  ///< nothing is left to do
    };
    /// What the handler throws is thrown.
    Step step();
    /// So many handlers have been run.
    std::size_t handlers() const noexcept { return handlers_; }

private:
    VirtualTime& time_;
    asio::io_context& context_;
    std::size_t handlers_ = 0;
};

}  // namespace culvert::test
