#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "common/pacing/delivery_rate.hpp"
#include "common/pacing/limits.hpp"
#include "common/pacing/windowed_filter.hpp"

namespace culvert {

/// What the path carries: the best sample of the delivery rate in the last eight to sixteen rounds
/// (BBR's max_bw and its filter). A round is a round trip in which nothing but the window held the
/// data back.
class BottleneckBandwidth {
public:
    /// Bytes a second; empty without any sample.
    std::optional<double> best() const noexcept { return filter_.best(); }

    /// A sample of a probe that was sent behind `sent` bytes when `delivered` were known to be
    /// there. True if a round ends with it.
    [[nodiscard]] bool add(const DeliveryRate::Sample& sample, std::uint64_t delivered,
                           std::uint64_t sent) noexcept {
        // An app-limited sample says nothing about the path, unless it is the best yet.
        if (!sample.is_app_limited || sample.bytes_a_second > best().value_or(0)) {
            filter_.add(sample.bytes_a_second);
        }
        if (delivered < round_ends_) return false;
        round_ends_ = sent;
        if (sample.is_app_limited) return false;
        if (++rounds_ % limits::congestion::bandwidth_span_rounds == 0) filter_.begin_span();
        return true;
    }

private:
    WindowedFilter<double, std::greater<>> filter_;
    std::uint64_t round_ends_ = 0;  ///< with a probe that was sent when so much was delivered
    unsigned rounds_ = 0;
};

}  // namespace culvert
