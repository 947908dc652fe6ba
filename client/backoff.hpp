#pragma once

#include <cstdint>
#include <optional>

#include "common/base/time.hpp"
#include "common/crypto/random.hpp"

namespace culvert {

/// A random part of `longest`, from nothing to nearly all of it.
Duration random_part(Duration longest, Random& random);

/// When to try to connect again: twice as long each time up to a cap, and each time a random part
/// of that. The jitter comes after the cap, so that a thousand clients whose server restarts don't
/// come back in step.
class Backoff {
public:
    explicit Backoff(Random& random) noexcept : random_{random} {}

    /// The connection is up. Should it stay so until it is healthy, counting begins anew.
    void on_up(TimePoint now) noexcept { up_since_ = now; }
    /// It was lost, or a try has failed: how long to wait before the next one.
    Duration next(TimePoint now);

    static constexpr Duration first = std::chrono::milliseconds{500};
    static constexpr Duration cap = std::chrono::seconds{60};
    static constexpr Duration healthy_time = std::chrono::seconds{30};

private:
    Random& random_;
    unsigned failures_ = 0;
    std::optional<TimePoint> up_since_;  ///< of the connection that is lost now
};

}  // namespace culvert
