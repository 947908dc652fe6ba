#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>

#include "common/base/memory_reserve.hpp"
#include "common/pacing/limits.hpp"

namespace culvert {

/// How much one connection receives or sends at once, and so how large its buffers grow. Large
/// batches are what makes bulk cheap, but a thousand connections share what ten may have each. It
/// counts the connections of the process, from all threads.
class IoBudget {
public:
    IoBudget() noexcept { connections_.fetch_add(1, std::memory_order_relaxed); }
    IoBudget(const IoBudget&) = delete;
    IoBudget& operator=(const IoBudget&) = delete;
    ~IoBudget() { connections_.fetch_sub(1, std::memory_order_relaxed); }

    std::size_t bytes() const noexcept {
        // What is left is for the small things that cannot fail.
        if (memory_is_low()) return least;
        return std::clamp(together / connections_.load(std::memory_order_relaxed), least, largest);
    }

    static constexpr std::size_t together = limits::io::together;
    static constexpr std::size_t least = limits::io::least;
    static constexpr std::size_t largest = limits::io::largest;

private:
    static inline std::atomic<std::size_t> connections_{0};
};

}  // namespace culvert
