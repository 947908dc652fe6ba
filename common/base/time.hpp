#pragma once

#include <chrono>

namespace culvert {

/// The steady clock, and the only way to it: a test program links its own clock.cpp, whose time
/// moves when the test says so. Below the I/O line a time is an argument, never asked for.
struct Clock {
    using time_point = std::chrono::steady_clock::time_point;
    using duration = time_point::duration;
    using rep = duration::rep;
    using period = duration::period;
    static constexpr bool is_steady = true;

    static time_point now() noexcept;
    /// How long a thread with nothing else to do may sleep, if its earliest timer is due after
    /// `left`.
    static duration sleep_time(duration left) noexcept;
};
using TimePoint = Clock::time_point;
using Duration = Clock::duration;

}  // namespace culvert
