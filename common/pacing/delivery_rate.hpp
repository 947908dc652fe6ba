#pragma once

#include <cstdint>
#include <optional>

#include "common/base/time.hpp"

namespace culvert {

/// Samples of the rate at which data is delivered (draft-cheng-iccrg-delivery-rate-estimation): a
/// probe carries what was known when it was sent, and its pong says how much has been delivered
/// since. All counts are bytes since the connection's begin.
class DeliveryRate {
public:
    /// What was known when a probe was sent.
    struct Snapshot {
        std::uint64_t delivered;
        TimePoint delivered_at;
        bool is_app_limited;
    };
    struct Sample {
        double bytes_a_second;
        /// The application had nothing to send for a while, so the path may be faster.
        bool is_app_limited;
    };

    Snapshot snapshot() const noexcept {
        return {delivered_, delivered_at_, delivered_ < app_limited_until_};
    }
    /// Nothing is awaited: when data that was sent by now began to be delivered isn't known, so the
    /// count starts behind it.
    void restart(std::uint64_t sent, TimePoint now) noexcept {
        delivered_ = sent;
        delivered_at_ = now;
    }
    /// There was room in the window, and nothing to send, once so much was sent.
    void on_app_limited(std::uint64_t sent) noexcept { app_limited_until_ = sent + 1; }

    /// The pong of a probe that was sent behind `sent` bytes: no sample if nothing was delivered
    /// in a measurable time.
    std::optional<Sample> on_delivered(std::uint64_t sent, const Snapshot& then,
                                       TimePoint now) noexcept {
        restart(sent, now);
        const std::chrono::duration<double> took = now - then.delivered_at;
        if (sent <= then.delivered || took.count() <= 0) return std::nullopt;
        return Sample{static_cast<double>(sent - then.delivered) / took.count(),
                      then.is_app_limited};
    }

private:
    std::uint64_t delivered_ = 0;
    TimePoint delivered_at_{};
    std::uint64_t app_limited_until_ = 0;
};

}  // namespace culvert
