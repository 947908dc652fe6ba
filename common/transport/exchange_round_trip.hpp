#pragma once

#include <optional>

#include "common/base/time.hpp"
#include "common/pacing/limits.hpp"

namespace culvert {

/// The round trip, as a key exchange shows it: from the packet that the peer answers at once to its
/// answer.
class ExchangeRoundTrip {
public:
    void on_asked(TimePoint now) noexcept { asked_ = now; }
    void on_answered(TimePoint now) noexcept {
        const Duration took = now - asked_;
        took_.reset();
        // An answer may lie in what was received ahead of the question.
        if (took > Duration::zero() && took < longest) took_ = took;
    }
    /// Empty where it can't be told.
    std::optional<Duration> last() const noexcept { return took_; }

    /// A user may have been asked in between.
    static constexpr Duration longest = limits::window::longest_exchange;

private:
    TimePoint asked_{};
    std::optional<Duration> took_;
};

}  // namespace culvert
