#pragma once

#include <cstdint>

#include "common/base/time.hpp"
#include "common/crypto/random.hpp"

namespace culvert {

/// When to try to connect again: twice as long each time up to a cap, and each time a random part
/// of that. The jitter comes after the cap, so that a thousand clients whose server restarts don't
/// come back in step.
class Backoff {
public:
    explicit Backoff(Random& random) noexcept : random_{random} {}

    /// How long to wait before the next try.
    Duration next();
    /// The connection has been up for this long: once it was healthy, counting begins anew.
    void on_up_for(Duration time) noexcept {
        if (time >= healthy_time) failures_ = 0;
    }

    static constexpr Duration first = std::chrono::milliseconds{500};
    static constexpr Duration cap = std::chrono::seconds{60};
    static constexpr Duration healthy_time = std::chrono::seconds{30};

private:
    Random& random_;
    unsigned failures_ = 0;
};

}  // namespace culvert
