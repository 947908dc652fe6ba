#pragma once

#include <cstddef>

namespace culvert::test {

/// How often this thread has called operator new, which the test programs replace.
std::size_t allocations() noexcept;

/// As long as it lives the n-th allocation of this thread from now on fails, counted from 1: as
/// where there is no memory, std::new_handler is called, and without one std::bad_alloc is thrown.
class FailingAllocation {
public:
    explicit FailingAllocation(std::size_t n) noexcept;
    FailingAllocation(const FailingAllocation&) = delete;
    FailingAllocation& operator=(const FailingAllocation&) = delete;
    ~FailingAllocation();

    /// There was an n-th one.
    static bool has_failed() noexcept;
};

/// Calls `attempt(n)` with n = 1, 2, ... until it returns false: it says whether its n-th
/// allocation has failed. Returns how many have: none, and nothing was tried.
template <class Attempt>
[[nodiscard]] std::size_t for_each_allocation(Attempt attempt) {
    std::size_t n = 1;
    while (attempt(n)) ++n;
    return n - 1;
}

}  // namespace culvert::test
