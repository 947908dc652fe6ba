#include "client/next_try.hpp"

#include <algorithm>

#include "client/backoff.hpp"

namespace culvert {

void NextTry::plan(TimePoint at, std::optional<TimePoint> not_before) noexcept {
    at_ = not_before ? std::max(at, *not_before) : at;
    not_before_ = not_before;
}

bool NextTry::bring_forward(TimePoint now) {
    if (brought_forward_ && now - *brought_forward_ < pause) return false;
    TimePoint sooner = now + random_part(soon, random_);
    if (not_before_) sooner = std::max(sooner, *not_before_);
    if (sooner >= at_) return false;
    at_ = sooner;
    brought_forward_ = now;
    return true;
}

}  // namespace culvert
