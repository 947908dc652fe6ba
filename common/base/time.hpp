#pragma once

#include <chrono>

namespace culvert {

/// Below the I/O line a time is an argument, never asked for: tests move it by hand.
using Clock = std::chrono::steady_clock;
using TimePoint = Clock::time_point;
using Duration = Clock::duration;

}  // namespace culvert
