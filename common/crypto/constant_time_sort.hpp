#pragma once

#include <cstdint>
#include <span>

namespace culvert {

/// Sorts so that neither time nor addresses depend on the numbers, the smallest first.
void sort_in_constant_time(std::span<std::uint32_t> numbers) noexcept;

}  // namespace culvert
