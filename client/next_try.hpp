#pragma once

#include <optional>

#include "common/base/time.hpp"
#include "common/crypto/random.hpp"

namespace culvert {

/// When a tunnel that is down tries to connect again. A local program that connects meanwhile
/// brings the try forward; how often and how far is bounded, so that the server of a thousand busy
/// clients isn't asked by all of them at once.
class NextTry {
public:
    explicit NextTry(Random& random) noexcept : random_{random} {}

    /// The next try comes at `at`, and not ahead of `not_before`: a time that the server gave.
    void plan(TimePoint at, std::optional<TimePoint> not_before = std::nullopt) noexcept;

    /// A local program waits for the tunnel. If the try comes sooner for that, true: at a random
    /// time within `soon`, once in `pause` at most.
    bool bring_forward(TimePoint now);

    /// Of the last plan, as far as it was not brought forward.
    TimePoint at() const noexcept { return at_; }

    static constexpr Duration soon = std::chrono::seconds{1};
    static constexpr Duration pause = std::chrono::seconds{5};

private:
    Random& random_;
    TimePoint at_{};
    std::optional<TimePoint> not_before_;
    std::optional<TimePoint> brought_forward_;  ///< when it last was
};

}  // namespace culvert
