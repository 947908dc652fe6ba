#pragma once

#include <cstddef>

namespace culvert::test {

/// How often this thread has called operator new, which the test programs replace.
std::size_t allocations() noexcept;

/// Which allocations are counted, and may fail.
enum class MayFail {
    any,
    /// But those of Asio. Where it has no memory to begin an operation of a coroutine with, it ends
    /// the program (its await_suspend() is noexcept).
    but_asios,
};

/// As long as it lives the n-th allocation of this thread from now on fails, counted from 1: as
/// where there is no memory, std::new_handler is called, and without one std::bad_alloc is thrown.
class FailingAllocation {
public:
    explicit FailingAllocation(std::size_t n, MayFail may_fail = MayFail::any) noexcept;
    FailingAllocation(const FailingAllocation&) = delete;
    FailingAllocation& operator=(const FailingAllocation&) = delete;
    ~FailingAllocation();

    /// There was an n-th one.
    static bool has_failed() noexcept;
};

/// While it lives, this thread's allocations are the test's own: none fails, and none counts for a
/// FailingAllocation.
class Sheltered {
public:
    Sheltered() noexcept;
    Sheltered(const Sheltered&) = delete;
    Sheltered& operator=(const Sheltered&) = delete;
    ~Sheltered();
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
