#include "common/crypto/constant_time_sort.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <span>
#include <vector>

#include "tests/unit/common/crypto/test_random.hpp"

using namespace culvert;

namespace {

bool is_sorted_right(std::vector<std::uint32_t> numbers) {
    std::vector<std::uint32_t> sorted = numbers;
    std::ranges::sort(sorted);
    sort_in_constant_time(numbers);
    return numbers == sorted;
}

}  // namespace

/// A network that sorts all zeros and ones sorts everything (Knuth 5.3.4, theorem Z).
TEST_CASE("all sequences of zeros and ones up to 14 are sorted") {
    for (std::size_t size = 0; size <= 14; ++size) {
        CAPTURE(size);
        int wrong = 0;
        for (std::uint32_t bits = 0; bits < 1U << size; ++bits) {
            std::vector<std::uint32_t> numbers;
            for (std::size_t i = 0; i < size; ++i) numbers.push_back(bits >> i & 1);
            wrong += is_sorted_right(numbers) ? 0 : 1;
        }
        CHECK(wrong == 0);
    }
}

TEST_CASE("761 zeros and ones are sorted") {
    test::SeededRandom random{1};
    int wrong = 0;
    for (std::size_t ones = 0; ones <= 761; ones += 4) {
        std::vector<std::uint32_t> numbers(761);
        std::fill_n(numbers.begin(), ones, 1);
        wrong += is_sorted_right(numbers) ? 0 : 1;
        for (std::size_t i = numbers.size(); i-- > 1;) {  // shuffled
            std::array<std::byte, 2> bytes;
            random.fill(bytes);
            const auto drawn = std::to_integer<std::size_t>(bytes[0]) << 8 |
                               std::to_integer<std::size_t>(bytes[1]);
            std::swap(numbers[i], numbers[drawn % (i + 1)]);
        }
        wrong += is_sorted_right(numbers) ? 0 : 1;
    }
    CHECK(wrong == 0);
}

TEST_CASE("numbers of all 32 bits are sorted, whatever their count") {
    test::SeededRandom random{2};
    for (std::size_t size = 0; size < 200; ++size) {
        CAPTURE(size);
        std::vector<std::uint32_t> numbers(size);
        random.fill(std::as_writable_bytes(std::span{numbers}));
        CHECK(is_sorted_right(numbers));
    }
    for (const std::size_t size :
         std::array<std::size_t, 11>{255, 256, 257, 511, 512, 513, 760, 761, 762, 1024, 2000}) {
        CAPTURE(size);
        std::vector<std::uint32_t> numbers(size);
        random.fill(std::as_writable_bytes(std::span{numbers}));
        CHECK(is_sorted_right(numbers));
    }
}

TEST_CASE("the largest and the smallest numbers, and equal ones, are sorted") {
    CHECK(is_sorted_right({0xffffffff, 0, 0x80000000, 0x7fffffff, 1, 0xfffffffe, 0, 0xffffffff}));
    CHECK(is_sorted_right(std::vector<std::uint32_t>(761, 0xffffffff)));
    std::vector<std::uint32_t> falling(761);
    for (std::size_t i = 0; i < falling.size(); ++i) {
        falling[i] = 0xffffffff - static_cast<std::uint32_t>(5'000'000 * i);
    }
    CHECK(is_sorted_right(falling));
}
