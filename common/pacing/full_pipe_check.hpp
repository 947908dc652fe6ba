#pragma once

#include "common/base/time.hpp"
#include "common/pacing/limits.hpp"

namespace culvert {

/// Whether the path's rate has been reached, which ends the startup (BBR 4.3.1.2): the rate has
/// stopped growing, and three rounds in a row say so, or one whose round trip is so long that a
/// queue stands. A long round trip alone says nothing: a TCP that is new lets data wait.
class FullPipeCheck {
public:
    bool is_startup() const noexcept { return startup_; }

    /// A round has ended: the best rate so far in bytes a second, how long its last round trip took
    /// and the least one.
    void on_round(double rate, Duration round_trip, Duration least) noexcept {
        using Seconds = std::chrono::duration<double>;
        if (!startup_) return;
        if (rate >= rate_at_check_ * limits::congestion::full_pipe_growth) {
            rate_at_check_ = rate;
            flat_rounds_ = 0;
            return;
        }
        const Seconds usual = limits::congestion::full_pipe_growth * Seconds{least} +
                              Seconds{limits::congestion::scheduling_slack};
        const bool has_queue = Seconds{round_trip} > usual;
        if (++flat_rounds_ == limits::congestion::full_pipe_rounds || has_queue) startup_ = false;
    }

private:
    bool startup_ = true;
    double rate_at_check_ = 0;
    unsigned flat_rounds_ = 0;  ///< in which the rate has not grown
};

}  // namespace culvert
