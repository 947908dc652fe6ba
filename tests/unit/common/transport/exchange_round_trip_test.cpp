#include "common/transport/exchange_round_trip.hpp"

#include <doctest/doctest.h>

using namespace culvert;
using namespace std::chrono_literals;

TEST_CASE("the round trip goes from what was asked last to its answer") {
    const TimePoint start{1000s};
    ExchangeRoundTrip round_trip;
    CHECK_FALSE(round_trip.last());
    round_trip.on_asked(start);
    round_trip.on_asked(start + 5s);  // only now could it be answered
    CHECK_FALSE(round_trip.last());
    round_trip.on_answered(start + 5s + 20ms);
    CHECK(round_trip.last() == 20ms);
    round_trip.on_asked(start + 10s);
    CHECK(round_trip.last() == 20ms);
    round_trip.on_answered(start + 10s + 30ms);
    CHECK(round_trip.last() == 30ms);
}

TEST_CASE("an answer that a user may have been waited for tells nothing") {
    const TimePoint start{1000s};
    ExchangeRoundTrip round_trip;
    round_trip.on_asked(start);
    round_trip.on_answered(start + 3s - 1ns);
    CHECK(round_trip.last() == 3s - 1ns);
    round_trip.on_asked(start);
    round_trip.on_answered(start + 3s);
    CHECK_FALSE(round_trip.last());
}
