#pragma once

#include <cstddef>

#include "common/base/time.hpp"
#include "common/pacing/limits.hpp"

namespace culvert {

/// Tells sparse flows (RFC 8290 1.2) from bulk: a remainder of bulk is small too, but hardly ever
/// twice in a row.
class SparseFlow {
public:
    bool is_sparse_after(std::size_t bytes) noexcept {
        const bool before = last_was_small_;
        last_was_small_ = bytes <= largest;
        return before && last_was_small_;
    }

    static constexpr std::size_t largest = limits::interactive::largest_message;

private:
    bool last_was_small_ = false;
};

/// Whether small messages are exchanged on a connection, or were a moment ago. As long as that is
/// so, little is moved at once, since the next message waits for what is being moved.
class InteractiveTraffic {
public:
    void on_small_message(TimePoint now) noexcept { until_ = now + memory; }
    bool is_active(TimePoint now) const noexcept { return now < until_; }

    static constexpr Duration memory = limits::interactive::memory;
    /// What is moved at once then, in bytes: a turn, and what is received or sent in one call.
    static constexpr std::size_t turn = limits::interactive::turn;
    static constexpr std::size_t batch = limits::interactive::batch;

private:
    TimePoint until_{};
};

}  // namespace culvert
