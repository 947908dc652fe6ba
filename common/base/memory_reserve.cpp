#include "common/base/memory_reserve.hpp"

#include <atomic>
#include <cstdlib>
#include <new>

namespace culvert {
namespace {

/// Enough for a few hundred connections' next packets and turns; until it is used it costs only
/// addresses.
constexpr std::size_t reserve_size = 8 << 20;

std::atomic<void*> reserve{nullptr};
std::atomic<bool> low{false};

void on_no_memory() {
    void* const kept = reserve.exchange(nullptr);
    if (kept == nullptr) throw std::bad_alloc{};
    low.store(true);
    std::free(kept);
}

bool take_reserve() noexcept {
    void* const fresh = std::malloc(reserve_size);
    if (fresh == nullptr) return false;
    // In this order: whoever uses the new reserve up says after this that memory is low.
    low.store(false);
    std::free(reserve.exchange(fresh));
    return true;
}

}  // namespace

void keep_memory_reserve() {
    if (take_reserve()) std::set_new_handler(on_no_memory);
}

bool memory_is_low() noexcept { return low.load(std::memory_order_relaxed); }

bool has_memory() noexcept {
    if (!memory_is_low()) return true;
    // More than the reserve, or the next to come would find the same.
    void* const more = std::malloc(reserve_size / 4);
    const bool enough = more != nullptr && take_reserve();
    std::free(more);
    return enough;
}

}  // namespace culvert
