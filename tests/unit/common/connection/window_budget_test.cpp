#include "common/connection/window_budget.hpp"

#include <doctest/doctest.h>

#include <vector>

using namespace culvert;

namespace {

constexpr std::uint64_t gibibyte = std::uint64_t{1} << 30;
constexpr std::uint32_t usual = 2 * 1024 * 1024;

}  // namespace

TEST_CASE("few channels get what they want, many get less, and none less than the least") {
    WindowBudget budget{gibibyte};
    CHECK(budget.open(usual) == usual);
    for (int i = 0; i < 20'000; ++i) CHECK(budget.open(usual) >= WindowBudget::least);
    CHECK(budget.open(usual) == WindowBudget::least);
    CHECK(budget.open(1'000) == 1'000);
    CHECK(budget.claimed() < 2 * gibibyte);
}

TEST_CASE("what is closed is free again") {
    WindowBudget budget{gibibyte};
    std::vector<std::uint32_t> claims;
    for (int i = 0; i < 5'000; ++i) claims.push_back(budget.open(usual));
    for (const std::uint32_t claim : claims) budget.close(claim);
    CHECK(budget.claimed() == 0);
    CHECK(budget.fair_share() == gibibyte);
    CHECK(budget.open(usual) == usual);
}

TEST_CASE("a claim grows to a quarter of what it leaves to others") {
    WindowBudget budget{10'000'000};
    const std::uint32_t first = budget.open(1'000'000);
    CHECK(budget.grow(first, 500'000) == 500'000);
    CHECK(budget.grow(first + 500'000, 10'000'000) == 500'000);
    CHECK(budget.grow(2'000'000, 1) == 0);
    budget.shrink(1'000'000);
    CHECK(budget.grow(1'000'000, 10'000'000) == 1'000'000);
}

TEST_CASE("however many want all they can have, something is left for the next") {
    WindowBudget budget{gibibyte};
    for (int i = 0; i < 25; ++i) {
        const std::uint32_t first = budget.open(usual);
        CHECK(budget.grow(first, 64 * 1024 * 1024) > 0);
    }
    CHECK(budget.claimed() < gibibyte);
    CHECK(budget.is_short());
    CHECK(budget.has_room());
}

TEST_CASE("at twice the limit no channel should be opened any more") {
    WindowBudget budget{1'000'000};
    std::vector<std::uint32_t> claims;
    while (budget.has_room()) claims.push_back(budget.open(usual));
    CHECK(budget.claimed() < 2'000'000 + WindowBudget::least);
    budget.close(claims.back());
    CHECK(budget.has_room());
}

TEST_CASE("a process claims a quarter of the memory at most, and 1 GiB") {
    CHECK(default_window_memory(gibibyte) == gibibyte / 4);
    CHECK(default_window_memory(64 * gibibyte) == gibibyte);
}
