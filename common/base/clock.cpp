#include "common/base/time.hpp"

namespace culvert {

TimePoint Clock::now() noexcept { return std::chrono::steady_clock::now(); }

Duration Clock::sleep_time(Duration left) noexcept { return left; }

}  // namespace culvert
