#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "common/base/bytes.hpp"

namespace culvert::fuzz {

/// What libFuzzer made up, taken off its front. Past the end there are zeros and empty pieces.
class FuzzInput {
public:
    FuzzInput(const std::uint8_t* data, std::size_t size) noexcept
        : rest_{std::as_bytes(std::span{data, size})} {}

    bool empty() const noexcept { return rest_.empty(); }
    std::uint8_t byte() noexcept {
        const Bytes one = take(1);
        return one.empty() ? std::uint8_t{0} : std::to_integer<std::uint8_t>(one[0]);
    }
    std::size_t uint16() noexcept {
        const std::size_t high = byte();
        return high << 8 | byte();
    }
    Bytes take(std::size_t length) noexcept {
        const Bytes front = rest_.first(std::min(length, rest_.size()));
        rest_ = rest_.subspan(front.size());
        return front;
    }
    Bytes rest() noexcept { return take(rest_.size()); }

private:
    Bytes rest_;
};

/// The inputs that came as far as only a real login does. A corpus of recorded logins must have
/// some, or the programs have come to say something else since.
inline std::size_t real_logins = 0;

/// What must hold whatever the input: not an assert, so that it holds in every kind of build.
inline void require(bool holds, const char* what) {
    if (holds) return;
    std::fprintf(stderr, "broken: %s\n", what);
    std::abort();
}

}  // namespace culvert::fuzz
