#include "common/pacing/reader_wait_budget.hpp"

#include <algorithm>

#include <doctest/doctest.h>

using namespace culvert;
using namespace std::chrono_literals;

namespace {

constexpr TimePoint start{1h};
constexpr ReaderWaitBudget::Terms terms{.fast = 1e6, .most = 10ms, .alone_after = 1s};

}  // namespace

TEST_CASE("a receive is waited for only so long") {
    const ReaderWaitBudget budget{terms};
    CHECK(budget.left(start, start) == 10ms);
    CHECK(budget.left(start, start + 4ms) == 6ms);
    CHECK(budget.left(start, start + 10ms) == 0ms);
    CHECK(budget.left(start, start + 1h) == 0ms);
}

TEST_CASE("what a reader takes adds the time that a fast one needs for as much") {
    ReaderWaitBudget budget{terms};
    budget.on_waited(8ms);
    CHECK(budget.left(start, start) == 2ms);
    budget.on_read(3'000);
    CHECK(budget.left(start, start) == 5ms);
    budget.on_waited(1h);
    CHECK(budget.left(start, start) == 0ms);
    budget.on_read(1'000'000);
    CHECK(budget.left(start, start) == 10ms);
}

TEST_CASE("a slow reader is waited for in proportion to its speed") {
    ReaderWaitBudget budget{terms};
    Duration waited{};
    for (TimePoint now = start; now < start + 10s; now += 1ms) {
        budget.on_read(200);  // a fifth of what is fast
        const Duration wait = std::min<Duration>(budget.left(now, now), 1ms);
        waited += wait;
        budget.on_waited(wait);
    }
    CHECK(waited > 1900ms);
    CHECK(waited < 2100ms);
}

TEST_CASE("a moment isn't worth a wait") {
    ReaderWaitBudget budget{terms};
    budget.on_waited(9'950us);
    CHECK(budget.left(start, start) == 0ms);
}

TEST_CASE("where other streams received a moment ago no reader is waited for") {
    ReaderWaitBudget budget{terms};
    budget.on_others(start);
    CHECK(budget.left(start, start) == 0ms);
    CHECK(budget.left(start + 999ms, start + 999ms) == 0ms);
    CHECK(budget.left(start + 1s, start + 1s) == 10ms);
}
