#include "client/next_try.hpp"

#include <algorithm>

#include <doctest/doctest.h>

#include "tests/unit/common/crypto/test_random.hpp"

using namespace culvert;
using namespace std::chrono_literals;

namespace {

constexpr TimePoint start{1h};

}  // namespace

TEST_CASE("a local connection brings the next try to 0 to 1 s from now, at random") {
    test::SeededRandom random{1};
    Duration shortest = 1h;
    Duration longest{};
    for (int client = 0; client < 1'000; ++client) {
        NextTry next{random};
        next.plan(start + 23s);
        CHECK(next.at() == start + 23s);
        CHECK(next.bring_forward(start + 3s));
        const Duration wait = next.at() - (start + 3s);
        shortest = std::min(shortest, wait);
        longest = std::max(longest, wait);
    }
    CHECK(shortest >= 0s);
    CHECK(shortest < 100ms);
    CHECK(longest > 900ms);
    CHECK(longest <= 1s);
}

TEST_CASE("it does so once in 5 s, over several plans") {
    test::SeededRandom random{1};
    NextTry next{random};
    next.plan(start + 23s);
    CHECK(next.bring_forward(start));
    const TimePoint brought = next.at();
    CHECK_FALSE(next.bring_forward(start + 100ms));
    CHECK(next.at() == brought);

    next.plan(start + 40s);  // that try has failed
    CHECK_FALSE(next.bring_forward(start + 5s - 1ns));
    CHECK(next.at() == start + 40s);
    CHECK(next.bring_forward(start + 5s));
    CHECK(next.at() <= start + 6s);
}

TEST_CASE("a try that comes soon anyway, or is being made, is left alone") {
    test::SeededRandom random{1};
    NextTry never_planned{random};
    CHECK_FALSE(never_planned.bring_forward(start));

    NextTry next{random};
    next.plan(start + 1ns);
    CHECK_FALSE(next.bring_forward(start));
    CHECK_FALSE(next.bring_forward(start + 2s));  // it is being made: the time is over
    CHECK(next.at() == start + 1ns);
    // Neither has used the one in 5 s up.
    next.plan(start + 30s);
    CHECK(next.bring_forward(start + 2s));
}

TEST_CASE("the time that a server gave is kept") {
    test::SeededRandom random{1};
    NextTry next{random};
    next.plan(start + 23s, start + 20s);
    CHECK(next.bring_forward(start));
    CHECK(next.at() == start + 20s);

    NextTry late{random};
    late.plan(start + 2s, start + 20s);
    CHECK(late.at() == start + 20s);
    CHECK_FALSE(late.bring_forward(start));
    CHECK(late.at() == start + 20s);
    // It holds for that try alone.
    late.plan(start + 60s);
    CHECK(late.bring_forward(start + 30s));
    CHECK(late.at() <= start + 31s);
}
