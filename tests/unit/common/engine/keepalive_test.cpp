#include "common/engine/keepalive.hpp"

#include <doctest/doctest.h>

using namespace culvert;
using std::chrono::milliseconds;
using std::chrono::seconds;
using Action = Keepalive::Action;

namespace {

constexpr KeepaliveConfig every_15_s{seconds{15}, 3};

TimePoint at(Duration time) { return TimePoint{} + time; }

}  // namespace

TEST_CASE("a silent peer is asked three times, and then given up (docs/contract.md)") {
    Keepalive keepalive{every_15_s, at({})};
    CHECK(keepalive.enabled());
    for (int misses = 1; misses <= 3; ++misses) {
        CAPTURE(misses);
        const TimePoint due = at(seconds{15} * misses);
        CHECK(keepalive.next_deadline() == due);
        CHECK(keepalive.on_time(due - milliseconds{1}) == Action::none);
        CHECK(keepalive.on_time(due) == Action::ask);
        CHECK(keepalive.on_time(due) == Action::none);
    }
    CHECK(keepalive.next_deadline() == at(seconds{60}));
    CHECK(keepalive.on_time(at(seconds{60})) == Action::give_up);
    CHECK(keepalive.silence(at(seconds{60})) == seconds{60});
}

TEST_CASE("anything received counts as life") {
    Keepalive keepalive{every_15_s, at({})};
    CHECK(keepalive.on_time(at(seconds{15})) == Action::ask);
    CHECK(keepalive.on_time(at(seconds{30})) == Action::ask);
    keepalive.on_received(at(seconds{40}));
    CHECK(keepalive.next_deadline() == at(seconds{55}));
    CHECK(keepalive.on_time(at(seconds{50})) == Action::none);
    for (int misses = 0; misses < 3; ++misses) {
        CHECK(keepalive.on_time(at(seconds{55 + 15 * misses})) == Action::ask);
    }
    CHECK(keepalive.on_time(at(seconds{100})) == Action::give_up);
}

TEST_CASE("a clock that jumped leaves the peer its time to answer each question") {
    Keepalive keepalive{every_15_s, at({})};
    const TimePoint woken = at(seconds{500});
    CHECK(keepalive.on_time(woken) == Action::ask);
    CHECK(keepalive.on_time(woken) == Action::none);
    CHECK(keepalive.next_deadline() == woken + seconds{15});
    keepalive.on_received(woken + seconds{1});
    CHECK(keepalive.on_time(woken + seconds{15}) == Action::none);
}

TEST_CASE("an interval of zero asks nothing") {
    Keepalive keepalive{{Duration::zero(), 3}, at({})};
    CHECK_FALSE(keepalive.enabled());
    CHECK(keepalive.on_time(at(seconds{1'000})) == Action::none);
}
