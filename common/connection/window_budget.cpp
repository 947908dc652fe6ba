#include "common/connection/window_budget.hpp"

#include <algorithm>

namespace culvert {

std::uint32_t WindowBudget::open(std::uint32_t wanted) noexcept {
    const std::uint64_t limit = this->limit();
    const std::uint64_t channels = channels_.fetch_add(1, std::memory_order_relaxed) + 1;
    const std::uint64_t fair = limit / limits::window_memory::parts_for_first / channels;
    const std::uint64_t claimed = claimed_.load(std::memory_order_relaxed);
    const std::uint64_t left = claimed < limit ? limit - claimed : 0;
    const std::uint64_t granted = std::max<std::uint64_t>(std::min(fair, left), least);
    const auto claim = static_cast<std::uint32_t>(std::min<std::uint64_t>(wanted, granted));
    claimed_.fetch_add(claim, std::memory_order_relaxed);
    return claim;
}

void WindowBudget::close(std::uint32_t claim) noexcept {
    shrink(claim);
    channels_.fetch_sub(1, std::memory_order_relaxed);
}

std::uint32_t WindowBudget::grow(std::uint32_t claim, std::uint32_t more) noexcept {
    const std::uint64_t limit = this->limit();
    const std::uint64_t before = claimed_.fetch_add(more, std::memory_order_relaxed);
    const std::uint64_t left = before < limit ? limit - before : 0;
    // Grown by g, the claim should be a quarter of the left - g that there is then.
    constexpr std::uint64_t parts = limits::window_memory::parts_of_rest;
    const std::uint64_t fits = (left - std::min(left, parts * claim)) / (parts + 1);
    const auto granted = static_cast<std::uint32_t>(std::min<std::uint64_t>(more, fits));
    shrink(more - granted);
    return granted;
}

bool WindowBudget::is_short() const noexcept {
    return claimed() >
           limit() / limits::window_memory::short_of * limits::window_memory::short_parts;
}

std::uint64_t WindowBudget::fair_share() const noexcept {
    const std::uint64_t channels = channels_.load(std::memory_order_relaxed);
    return std::max<std::uint64_t>(limit() / std::max<std::uint64_t>(channels, 1), least);
}

std::uint64_t default_window_memory(std::uint64_t memory_of_the_machine) noexcept {
    return std::min(memory_of_the_machine / limits::window_memory::parts_of_machine,
                    limits::window_memory::largest);
}

}  // namespace culvert
