#pragma once

#include "common/base/time.hpp"
#include "common/pacing/limits.hpp"

namespace culvert {

struct KeepaliveConfig {
    Duration interval = limits::time_limit::keepalive;  ///< zero: none
    unsigned misses = limits::time_limit::keepalive_misses;
};

/// Whether the peer is still there. Anything received shows it; after an interval of silence a
/// keepalive is sent, and after so many of them, each with an interval for its answer, the
/// connection is given up.
class Keepalive {
public:
    enum class Action { none, ask, give_up };

    Keepalive(const KeepaliveConfig& config, TimePoint now) noexcept
        : config_{config}, heard_{now}, waits_since_{now} {}

    void on_received(TimePoint now) noexcept {
        heard_ = waits_since_ = now;
        asked_ = 0;
    }

    bool enabled() const noexcept { return config_.interval > Duration::zero(); }
    TimePoint next_deadline() const noexcept { return waits_since_ + config_.interval; }

    [[nodiscard]] Action on_time(TimePoint now) noexcept {
        if (!enabled() || now < next_deadline()) return Action::none;
        if (asked_ == config_.misses) return Action::give_up;
        ++asked_;
        // Not from when it was due: a program that was stopped for long asks before it gives up.
        waits_since_ = now;
        return Action::ask;
    }

    Duration silence(TimePoint now) const noexcept { return now - heard_; }

private:
    KeepaliveConfig config_;
    TimePoint heard_;
    TimePoint waits_since_;  ///< what was received last, or the last keepalive
    unsigned asked_ = 0;
};

}  // namespace culvert
