#include "common/engine/round_trip_schedule.hpp"

#include <doctest/doctest.h>

using namespace culvert;
using namespace std::chrono_literals;

TEST_CASE("the round trip is measured 0.2 s after the login, then 1 s and 5 s later, and no more") {
    RoundTripSchedule schedule;
    CHECK_FALSE(schedule.deadline());
    CHECK_FALSE(schedule.on_time(TimePoint{1h}));
    TimePoint now{1h};
    schedule.begin(now);
    for (const Duration after : {Duration{200ms}, Duration{1s}, Duration{5s}}) {
        now += after;
        CHECK(schedule.deadline() == now);
        CHECK_FALSE(schedule.on_time(now - 1ns));
        CHECK(schedule.on_time(now));
    }
    CHECK_FALSE(schedule.deadline());
}
