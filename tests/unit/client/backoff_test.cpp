#include "client/backoff.hpp"

#include <algorithm>
#include <vector>

#include <doctest/doctest.h>

#include "tests/unit/common/crypto/test_random.hpp"

using namespace culvert;
using namespace std::chrono_literals;

namespace {

constexpr TimePoint start{};

/// Always the highest part of the wait, or the lowest.
class FixedRandom final : public Random {
public:
    explicit FixedRandom(std::byte byte) : byte_{byte} {}
    void fill(MutableBytes bytes) override { std::ranges::fill(bytes, byte_); }

private:
    std::byte byte_;
};

}  // namespace

TEST_CASE("the wait doubles from half a second to a minute and stays there") {
    FixedRandom highest{std::byte{0xff}};
    Backoff backoff{highest};
    for (const Duration longest :
         {500ms, 1000ms, 2000ms, 4000ms, 8000ms, 16000ms, 32000ms, 60000ms, 60000ms}) {
        const Duration wait = backoff.next(start);
        CHECK(wait <= longest);
        CHECK(wait > longest - 1ms);
    }
}

TEST_CASE("the jitter is full, and comes after the cap") {
    FixedRandom lowest{std::byte{0}};
    Backoff impatient{lowest};
    for (int i = 0; i < 20; ++i) CHECK(impatient.next(start) == Duration::zero());

    test::SeededRandom random{1};
    std::vector<Duration> at_the_cap;
    for (int client = 0; client < 1000; ++client) {
        Backoff backoff{random};
        Duration wait{};
        for (int i = 0; i < 10; ++i) wait = backoff.next(start);
        at_the_cap.push_back(wait);
    }
    // A thousand clients whose server comes back: none of the sixty seconds gets more than 5 %.
    for (Duration second = 0s; second < Backoff::cap; second += 1s) {
        const auto in_it = std::ranges::count_if(
            at_the_cap, [&](Duration wait) { return wait >= second && wait < second + 1s; });
        CHECK(in_it <= 50);
    }
}

TEST_CASE("only a healthy connection makes it begin anew") {
    FixedRandom highest{std::byte{0xff}};
    Backoff backoff{highest};
    for (int i = 0; i < 5; ++i) backoff.next(start);
    backoff.on_up(start);
    CHECK(backoff.next(start + Backoff::healthy_time - 1ms) > 15s);
    backoff.on_up(start);
    CHECK(backoff.next(start + Backoff::healthy_time) <= 500ms);
}

TEST_CASE("after a healthy connection the wait doubles with each try that fails") {
    FixedRandom highest{std::byte{0xff}};
    Backoff backoff{highest};
    backoff.on_up(start);
    TimePoint now = start + 10min;
    for (const Duration longest : {500ms, 1000ms, 2000ms}) {
        const Duration wait = backoff.next(now);
        CHECK(wait <= longest);
        CHECK(wait > longest - 1ms);
        now += wait;
    }
}
