#pragma once

#include <algorithm>
#include <functional>
#include <optional>

#include "common/base/time.hpp"
#include "common/pacing/limits.hpp"
#include "common/pacing/windowed_filter.hpp"

namespace culvert {

/// The round trip of the path without its queue: the least of the last two spans, of 10 s or more,
/// in which one was measured (BBR's min_rtt and its filter). Pongs begin a span, with ProbeRTT
/// ahead of it where the queue may hide the path; without pongs other measurements do, later.
class MinRoundTrip {
public:
    /// Empty before the first measurement.
    std::optional<Duration> best() const noexcept { return filter_.best(); }
    bool has_pongs() const noexcept { return pong_span_.has_value(); }

    void add(Duration took, TimePoint now) noexcept {
        const TimePoint began = std::max(other_span_, pong_span_.value_or(TimePoint{}));
        if (now - began >= 2 * limits::congestion::round_trip_span) {
            other_span_ = now;
            filter_.begin_span();
        }
        filter_.add(took);
    }

    /// A pong has come, and its round trip was added. True if another span begins with it.
    [[nodiscard]] bool on_pong(TimePoint now) noexcept {
        if (!pong_span_) pong_span_ = now;
        if (now - *pong_span_ < limits::congestion::round_trip_span) return false;
        pong_span_ = now;
        filter_.begin_span();
        return true;
    }

private:
    WindowedFilter<Duration, std::less<>> filter_;
    std::optional<TimePoint> pong_span_;  ///< since when; not before the first pong
    TimePoint other_span_{};              ///< the same, begun without a pong
};

}  // namespace culvert
