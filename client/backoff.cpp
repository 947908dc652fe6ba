#include "client/backoff.hpp"

#include <algorithm>
#include <array>

#include "common/base/big_endian.hpp"

namespace culvert {

Duration random_part(Duration longest, Random& random) {
    std::array<std::byte, 4> bytes;
    random.fill(bytes);
    const std::uint64_t part = load_big_endian<std::uint32_t>(bytes);
    return Duration{
        static_cast<Duration::rep>((static_cast<unsigned __int128>(longest.count()) * part) >> 32)};
}

Duration Backoff::next(TimePoint now) {
    if (up_since_ && now - *up_since_ >= healthy_time) failures_ = 0;
    up_since_.reset();
    // 0.5 s doubled seven times has passed the cap.
    constexpr unsigned enough_doublings = 7;
    const Duration longest = std::min(first * (1U << std::min(failures_, enough_doublings)), cap);
    ++failures_;
    return random_part(longest, random_);
}

}  // namespace culvert
