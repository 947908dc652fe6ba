#include "common/pacing/full_pipe_check.hpp"

#include <doctest/doctest.h>

using namespace culvert;
using namespace std::chrono_literals;

TEST_CASE("a startup goes on as long as the rate grows by a quarter in three rounds") {
    FullPipeCheck check;
    double rate = 1'000;
    for (int i = 0; i < 100; ++i) {
        check.on_round(rate, 10ms, 10ms);
        check.on_round(1.24 * rate, 10ms, 10ms);
        check.on_round(1.24 * rate, 10ms, 10ms);
        rate *= 1.25;
        CHECK(check.is_startup());
    }
}

TEST_CASE("three flat rounds end it, once and for all") {
    FullPipeCheck check;
    check.on_round(1'000, 10ms, 10ms);
    check.on_round(1'000, 10ms, 10ms);
    check.on_round(1'249, 10ms, 10ms);
    CHECK(check.is_startup());
    check.on_round(1'000, 10ms, 10ms);
    CHECK_FALSE(check.is_startup());
    check.on_round(1'000'000, 10ms, 10ms);
    CHECK_FALSE(check.is_startup());
}

TEST_CASE("one flat round ends it where a queue shows; a long round that isn't flat doesn't") {
    const Duration usual = 125ms + limits::congestion::scheduling_slack;
    FullPipeCheck check;
    check.on_round(1'000, 10 * usual, 100ms);
    check.on_round(1'000, usual, 100ms);
    CHECK(check.is_startup());
    check.on_round(2'000, 10 * usual, 100ms);
    CHECK(check.is_startup());
    check.on_round(2'000, usual + 1us, 100ms);
    CHECK_FALSE(check.is_startup());
}
