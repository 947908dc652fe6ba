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
    const ReaderWaitBudget patience{terms};
    CHECK(patience.left(start, start) == 10ms);
    CHECK(patience.left(start, start + 4ms) == 6ms);
    CHECK(patience.left(start, start + 10ms) == 0ms);
    CHECK(patience.left(start, start + 1h) == 0ms);
}

TEST_CASE("what a reader takes earns it the time that a fast one needs for as much") {
    ReaderWaitBudget patience{terms};
    patience.on_waited(8ms);
    CHECK(patience.left(start, start) == 2ms);
    patience.on_read(3'000);
    CHECK(patience.left(start, start) == 5ms);
    patience.on_waited(1h);
    CHECK(patience.left(start, start) == 0ms);
    patience.on_read(1'000'000);
    CHECK(patience.left(start, start) == 10ms);
}

TEST_CASE("a slow reader is waited for in proportion to its speed") {
    ReaderWaitBudget patience{terms};
    Duration waited{};
    for (TimePoint now = start; now < start + 10s; now += 1ms) {
        patience.on_read(200);  // a fifth of what is fast
        const Duration wait = std::min<Duration>(patience.left(now, now), 1ms);
        waited += wait;
        patience.on_waited(wait);
    }
    CHECK(waited > 1900ms);
    CHECK(waited < 2100ms);
}

TEST_CASE("a moment isn't worth a wait") {
    ReaderWaitBudget patience{terms};
    patience.on_waited(9'950us);
    CHECK(patience.left(start, start) == 0ms);
}

TEST_CASE("where others have lately received as well nobody is waited for") {
    ReaderWaitBudget patience{terms};
    patience.on_others(start);
    CHECK(patience.left(start, start) == 0ms);
    CHECK(patience.left(start + 999ms, start + 999ms) == 0ms);
    CHECK(patience.left(start + 1s, start + 1s) == 10ms);
}
