#pragma once

#include "common/base/time.hpp"

namespace culvert {

/// When a connection has been silent for so long that it gives its buffers back.
class IdleClock {
public:
    IdleClock(Duration idle_time, TimePoint now) noexcept
        : idle_time_{idle_time}, last_active_{now} {}

    void on_activity(TimePoint when) noexcept {
        last_active_ = when;
        has_buffers_ = true;
    }
    void on_released() noexcept { has_buffers_ = false; }

    bool has_buffers() const noexcept { return has_buffers_; }
    bool is_due(TimePoint now) const noexcept { return now >= deadline(); }
    TimePoint deadline() const noexcept {
        return has_buffers_ ? last_active_ + idle_time_ : TimePoint::max();
    }

private:
    Duration idle_time_;
    TimePoint last_active_;
    bool has_buffers_ = true;
};

}  // namespace culvert
