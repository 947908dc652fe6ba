#pragma once

#include <optional>

#include "common/base/time.hpp"
#include "common/pacing/limits.hpp"

namespace culvert {

/// When the round trip to a peer other than culvert is measured: 0.2 s, 1 s and 5 s after the time
/// before. Pings measure it only where we send much, and streams are mostly downloads. A culvert at
/// the other end reads no more than it can send: there it matters little.
class RoundTripSchedule {
public:
    void begin(TimePoint now) noexcept { at_ = now + interval_; }
    std::optional<TimePoint> deadline() const noexcept { return at_; }

    /// True when it is to be measured now.
    [[nodiscard]] bool on_time(TimePoint now) noexcept {
        if (!at_ || now < *at_) return false;
        interval_ *= limits::window::measurement_growth;
        at_.reset();
        if (interval_ <= limits::window::last_measurement) at_ = now + interval_;
        return true;
    }

private:
    Duration interval_ = limits::window::first_measurement;
    std::optional<TimePoint> at_;
};

}  // namespace culvert
