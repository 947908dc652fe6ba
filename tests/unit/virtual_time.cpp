#include "tests/unit/virtual_time.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

#include "common/net/on_io_context.hpp"
#include "tests/unit/allocations.hpp"

namespace culvert {
namespace {

thread_local test::VirtualTime* virtual_time = nullptr;

}  // namespace

// In place of common/base/clock.cpp.

TimePoint Clock::now() noexcept {
    return virtual_time ? virtual_time->now() : std::chrono::steady_clock::now();
}

Duration Clock::sleep_time(Duration left) noexcept {
    return virtual_time ? virtual_time->sleep_time(left) : left;
}

namespace test {

// Far from the epoch, so that a test may look back.
VirtualTime::VirtualTime() noexcept : now_{std::chrono::hours{1000}} {
    assert(!virtual_time);
    virtual_time = this;
}

VirtualTime::~VirtualTime() { virtual_time = nullptr; }

/// Asio asks for its earliest timer, and sets the kernel's timer to what it is told: one that never
/// fires, since the kernel's time is not this one, but where advance() has it fire at once. Only
/// then does Asio look for timers that are due.
Duration VirtualTime::sleep_time(Duration left) noexcept {
    if (std::exchange(checks_timers_, false)) return Duration::zero();
    const TimePoint due = now_ + left;
    if (due != TimePoint::max()) earliest_ = due;
    return Duration::max();
}

void VirtualTime::advance(asio::io_context& context) {
    now_ = std::max(now_, *std::exchange(earliest_, std::nullopt));
    checks_timers_ = true;
    // It comes before all others.
    Timer first{context.get_executor(), TimePoint::min()};
    first.async_wait([](const std::error_code&) {});
    context.run_one();
}

VirtualRun::Step VirtualRun::step() {
    while (context_.poll_one() == 0) {
        if (context_.stopped()) return Step::over;
        if (!time_.earliest()) return Step::hung;
        const Sheltered sheltered;
        time_.advance(context_);
    }
    ++handlers_;
    return Step::ran;
}

}  // namespace test
}  // namespace culvert
