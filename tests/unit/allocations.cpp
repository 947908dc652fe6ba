#include "tests/unit/allocations.hpp"

#include <cstdlib>
#include <new>

namespace {

thread_local std::size_t count = 0;
thread_local std::size_t until_failure = 0;  // the last one of so many fails; 0: none
thread_local bool failed = false;
thread_local int shelters = 0;
thread_local culvert::test::MayFail may_fail_now{};

bool counts(std::size_t size) {
    using culvert::test::MayFail;
    // Asio adds one byte to a multiple of four (thread_info_base::allocate); few others do.
    const bool is_asios = size % 4 == 1;
    return shelters == 0 && (may_fail_now == MayFail::any || !is_asios);
}

void* allocate(std::size_t size, std::size_t alignment) {
    ++count;
    if (until_failure > 0 && counts(size) && --until_failure == 0) {
        failed = true;
        const std::new_handler handler = std::get_new_handler();
        if (handler == nullptr) throw std::bad_alloc{};
        handler();
    }
    void* const block =
        std::aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment);
    if (block == nullptr) throw std::bad_alloc{};
    return block;
}

void* allocate_or_null(std::size_t size, std::size_t alignment) noexcept {
    try {
        return allocate(size, alignment);
    } catch (const std::bad_alloc&) {
        return nullptr;
    }
}

}  // namespace

void* operator new(std::size_t size) { return allocate(size, alignof(std::max_align_t)); }
void* operator new(std::size_t size, std::align_val_t alignment) {
    return allocate(size, static_cast<std::size_t>(alignment));
}
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
    return allocate_or_null(size, alignof(std::max_align_t));
}
void* operator new(std::size_t size, std::align_val_t alignment, const std::nothrow_t&) noexcept {
    return allocate_or_null(size, static_cast<std::size_t>(alignment));
}
// Not inlined: GCC 12 would take the pairs apart and warn that they don't match.
[[gnu::noinline]] void operator delete(void* block) noexcept { std::free(block); }
[[gnu::noinline]] void operator delete(void* block, std::size_t) noexcept { std::free(block); }
[[gnu::noinline]] void operator delete(void* block, std::align_val_t) noexcept { std::free(block); }
[[gnu::noinline]] void operator delete(void* block, std::size_t, std::align_val_t) noexcept {
    std::free(block);
}

namespace culvert::test {

std::size_t allocations() noexcept { return count; }

FailingAllocation::FailingAllocation(std::size_t n, MayFail may_fail) noexcept {
    may_fail_now = may_fail;
    failed = false;
    until_failure = n;
}

FailingAllocation::~FailingAllocation() { until_failure = 0; }

bool FailingAllocation::has_failed() noexcept { return failed; }

Sheltered::Sheltered() noexcept { ++shelters; }

Sheltered::~Sheltered() { --shelters; }

}  // namespace culvert::test
