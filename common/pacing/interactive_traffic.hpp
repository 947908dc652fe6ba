#pragma once

#include <cstddef>

#include "common/base/time.hpp"

namespace culvert {

/// Tells streams of small messages from the others: a remainder of bulk is small too, but hardly
/// ever twice in a row.
class SparseFlow {
public:
    bool is_sparse_after(std::size_t bytes) noexcept {
        const bool before = last_was_small_;
        last_was_small_ = bytes <= largest;
        return before && last_was_small_;
    }

    static constexpr std::size_t largest = 4 * 1024;

private:
    bool last_was_small_ = false;
};

/// Whether somebody has lately exchanged small messages on a connection. As long as that is so,
/// little is moved at once, since the next message waits for what is being moved.
class InteractiveTraffic {
public:
    void on_small_message(TimePoint now) noexcept { until_ = now + memory; }
    bool is_active(TimePoint now) const noexcept { return now < until_; }

    /// Longer than a round trip that somebody waits for on a fast path, and too short to cost bulk
    /// much that follows.
    static constexpr Duration memory = std::chrono::milliseconds{5};
    /// What is moved at once then, in bytes: a turn, and what is received or sent in one call.
    static constexpr std::size_t turn = 32 * 1024;
    static constexpr std::size_t batch = 64 * 1024;

private:
    TimePoint until_{};
};

}  // namespace culvert
