#include "common/log/repeat_limit.hpp"

#include <utility>

namespace culvert {

RepeatLimit::Verdict RepeatLimit::admit(TimePoint now) {
    const std::lock_guard lock{mutex_};
    std::size_t reported = 0;
    if (in_span_ == 0 || now - span_began_ >= span) {
        span_began_ = now;
        in_span_ = 0;
        reported = std::exchange(kept_back_, 0);
    }
    const bool is_written = ++in_span_ <= burst;
    if (!is_written) ++kept_back_;
    return {is_written, reported};
}

void RepeatLimit::log_rest(LogLevel level) {
    const std::lock_guard lock{mutex_};
    report(level, std::exchange(kept_back_, 0));
}

void RepeatLimit::report(LogLevel level, std::size_t kept_back) const {
    if (kept_back > 0) log_at(level, "{} more {}", kept_back, lines_of_);
}

}  // namespace culvert
