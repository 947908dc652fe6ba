#include "common/crypto/constant_time_sort.hpp"

#include <algorithm>
#include <bit>

#include "common/crypto/constant_time.hpp"

namespace culvert {
namespace {

/// Swaps the two if the first is the larger one.
void order(std::uint32_t& first, std::uint32_t& second) noexcept {
    const std::uint64_t difference = std::uint64_t{second} - first;
    const auto larger = value_barrier(static_cast<std::uint32_t>(difference >> 32));
    const std::uint32_t change = larger & (first ^ second);
    first ^= change;
    second ^= change;
}

}  // namespace

/// Batcher's merge exchange (Knuth, The Art of Computer Programming 5.2.2, algorithm M): which
/// places are compared depends on their number only.
void sort_in_constant_time(std::span<std::uint32_t> numbers) noexcept {
    const std::size_t size = numbers.size();
    if (size < 2) return;
    std::uint32_t* const at = numbers.data();
    const std::size_t top = std::bit_ceil(size) / 2;
    for (std::size_t run = top; run > 0; run /= 2) {
        std::size_t first = 0;
        std::size_t distance = run;
        for (std::size_t merged = top;; merged /= 2) {
            // Each second run of `run` places, from `first` on.
            for (std::size_t begin = first; begin + distance < size; begin += 2 * run) {
                const std::size_t end = std::min(begin + run, size - distance);
                for (std::size_t i = begin; i < end; ++i) order(at[i], at[i + distance]);
            }
            if (merged == run) break;
            distance = merged - run;
            first = run;
        }
    }
}

}  // namespace culvert
