#include "client/retry_schedule.hpp"

#include "common/net/timeout.hpp"

namespace culvert {
namespace {

/// Between the ConnectionAttempts of a first connection, as ssh waits.
constexpr Duration first_retry_time = std::chrono::seconds{1};
/// A server that has no place for a first connection is asked again for so long, about once a
/// second: the random part keeps many clients from asking together.
constexpr Duration busy_server_time = std::chrono::seconds{30};
constexpr Duration busy_server_pause = std::chrono::milliseconds{500};

}  // namespace

void RetrySchedule::on_up(TimePoint now) noexcept {
    tunnel_has_been_up_ = true;
    backoff_.on_up(now);
}

bool RetrySchedule::is_final(const Error& failure, TimePoint now) {
    const ErrorKind kind = failure.kind();
    const bool refused = kind == ErrorKind::host_key || kind == ErrorKind::authentication ||
                         kind == ErrorKind::usage;
    // A tunnel that has been up outlives a file that is just being replaced.
    if (refused || (kind == ErrorKind::config && !tunnel_has_been_up_)) return true;
    if (!is_first_try() || may_be_let_in_soon(now)) return false;
    return ++failures_before_up_ >= settings_.connection_attempts;
}

/// The server said that it has no place now. That is no answer to a first connection yet.
bool RetrySchedule::may_be_let_in_soon(TimePoint now) {
    if (!told_to_try_later_) return false;
    if (!first_told_) first_told_ = now;
    return now - *first_told_ < busy_server_time;
}

Duration RetrySchedule::time_to_next_try(TimePoint now) {
    if (!is_first_try()) return backoff_.next(now);
    if (!told_to_try_later_) return first_retry_time;
    return busy_server_pause + random_part(2 * busy_server_pause, random_);
}

Duration RetrySchedule::plan(TimePoint now) {
    const Duration wait = time_to_next_try(now);
    const TimePoint at = now + wait;
    // A first connection fails or succeeds by its own count of tries: nothing brings one forward.
    next_try_.plan(at, is_first_try() ? std::optional{at} : std::nullopt);
    return wait;
}

std::optional<Duration> RetrySchedule::bring_forward(TimePoint now) {
    if (!next_try_.bring_forward(now)) return std::nullopt;
    sooner_.set();
    return next_try_.at() - now;
}

awaitable<void> RetrySchedule::wait() {
    for (;;) {
        const Duration left = next_try_.at() - Clock::now();
        if (left <= Duration::zero()) break;
        sooner_.reset();
        co_await with_timeout(sooner_.wait(), left);
    }
}

}  // namespace culvert
