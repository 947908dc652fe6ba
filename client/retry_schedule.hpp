#pragma once

#include <optional>

#include "client/backoff.hpp"
#include "client/next_try.hpp"
#include "client/settings.hpp"
#include "common/base/error.hpp"
#include "common/net/event.hpp"

namespace culvert {

/// docs/contract.md: a tunnel of the command line ends when its first connection fails, one of `up`
/// outlives that as well.
enum class FirstFailure { ends, is_outlived };

/// Whether and when one of a tunnel's connections tries again.
class RetrySchedule {
public:
    /// `settings` and `random` must outlive it.
    RetrySchedule(const TunnelSettings& settings, FirstFailure first_failure, Random& random)
        : settings_{settings},
          first_failure_{first_failure},
          random_{random},
          backoff_{random},
          next_try_{random} {}

    /// The tunnel has been up, over this connection or another one.
    void on_tunnel_up() noexcept { tunnel_has_been_up_ = true; }
    bool tunnel_has_been_up() const noexcept { return tunnel_has_been_up_; }
    /// This connection is.
    void on_up(TimePoint now) noexcept;
    /// A try begins.
    void on_try() noexcept { told_to_try_later_ = false; }
    /// The server has no place for it now.
    void on_told_to_try_later() noexcept { told_to_try_later_ = true; }

    /// Whether the tries end with this failure: no later one can go better, or none is asked for.
    bool is_final(const Error& failure, TimePoint now);
    /// Plans the next try; returns how far off it is.
    Duration plan(TimePoint now);
    /// A local program waits for the connection. If the try comes sooner for that, how far off it
    /// is now.
    std::optional<Duration> bring_forward(TimePoint now);
    /// Returns when it is time for the next try.
    awaitable<void> wait();

private:
    bool may_be_let_in_soon(TimePoint now);
    bool is_first_try() const noexcept {
        return !tunnel_has_been_up_ && first_failure_ == FirstFailure::ends;
    }
    Duration time_to_next_try(TimePoint now);

    const TunnelSettings& settings_;
    FirstFailure first_failure_;
    Random& random_;
    Backoff backoff_;
    NextTry next_try_;
    Event sooner_;                         ///< the next try was brought forward
    bool told_to_try_later_ = false;       ///< by the server, at the last try
    std::optional<TimePoint> first_told_;  ///< when, before the tunnel has ever been up
    unsigned failures_before_up_ = 0;
    bool tunnel_has_been_up_ = false;
};

}  // namespace culvert
