#include "common/pacing/min_round_trip.hpp"

#include <doctest/doctest.h>

using namespace culvert;
using namespace std::chrono_literals;

namespace {

constexpr TimePoint measured_from{1h};
constexpr Duration span = limits::congestion::round_trip_span;

}  // namespace

TEST_CASE("the least round trip of two spans of pongs counts") {
    MinRoundTrip round_trip;
    CHECK_FALSE(round_trip.best());
    CHECK_FALSE(round_trip.has_pongs());
    round_trip.add(5ms, measured_from);
    CHECK_FALSE(round_trip.has_pongs());
    CHECK_FALSE(round_trip.on_pong(measured_from));
    CHECK(round_trip.has_pongs());

    round_trip.add(20ms, measured_from + span - 1ns);
    CHECK_FALSE(round_trip.on_pong(measured_from + span - 1ns));
    round_trip.add(20ms, measured_from + span);
    CHECK(round_trip.on_pong(measured_from + span));
    CHECK(round_trip.best() == 5ms);
    round_trip.add(20ms, measured_from + 2 * span);
    CHECK(round_trip.on_pong(measured_from + 2 * span));
    CHECK(round_trip.best() == 20ms);
}

TEST_CASE("without pongs other measurements are forgotten, too, but later") {
    MinRoundTrip round_trip;
    round_trip.add(5ms, measured_from);
    round_trip.add(20ms, measured_from + 2 * span - 1ns);
    CHECK(round_trip.best() == 5ms);
    round_trip.add(20ms, measured_from + 2 * span);
    CHECK(round_trip.best() == 5ms);
    round_trip.add(20ms, measured_from + 4 * span);
    CHECK(round_trip.best() == 20ms);
}
