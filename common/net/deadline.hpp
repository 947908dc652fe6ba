#pragma once

#include <algorithm>
#include <string>

#include "common/base/time.hpp"

namespace culvert {

/// The time that a job of several steps may take in all, counted from here.
class Deadline {
public:
    explicit Deadline(Duration limit) : limit_{limit}, start_{Clock::now()} {}

    Duration limit() const noexcept { return limit_; }
    /// Zero when it is over.
    Duration left() const { return std::max(Duration::zero(), limit_ - (Clock::now() - start_)); }
    bool passed() const { return left() == Duration::zero(); }
    /// `timed out after 10 s`
    std::string timed_out() const;

private:
    Duration limit_;
    TimePoint start_;
};

}  // namespace culvert
