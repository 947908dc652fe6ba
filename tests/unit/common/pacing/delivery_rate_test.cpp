#include "common/pacing/delivery_rate.hpp"

#include <doctest/doctest.h>

using namespace culvert;
using namespace std::chrono_literals;

namespace {

constexpr TimePoint sampled_from{1h};

}  // namespace

TEST_CASE("a sample is what was delivered between a probe and its pong") {
    DeliveryRate rate;
    rate.restart(1'000, sampled_from);
    const auto then = rate.snapshot();
    const auto sample = rate.on_delivered(6'000, then, sampled_from + 10ms);
    REQUIRE(sample);
    CHECK(sample->bytes_a_second == doctest::Approx(500'000));
    CHECK_FALSE(sample->is_app_limited);
}

TEST_CASE("a probe behind others in flight counts from what was delivered when it was sent") {
    DeliveryRate rate;
    rate.restart(0, sampled_from);
    const auto first = rate.snapshot();
    const auto second = rate.snapshot();
    REQUIRE(rate.on_delivered(10'000, first, sampled_from + 10ms));
    const auto third = rate.snapshot();
    const auto sample = rate.on_delivered(20'000, second, sampled_from + 20ms);
    REQUIRE(sample);
    CHECK(sample->bytes_a_second == doctest::Approx(1e6));
    const auto last = rate.on_delivered(25'000, third, sampled_from + 25ms);
    REQUIRE(last);
    CHECK(last->bytes_a_second == doctest::Approx(1e6));
}

TEST_CASE("there is no sample of nothing, nor of no time") {
    DeliveryRate rate;
    rate.restart(1'000, sampled_from);
    const auto then = rate.snapshot();
    CHECK_FALSE(rate.on_delivered(1'000, then, sampled_from + 1ms));
    CHECK_FALSE(rate.on_delivered(2'000, then, sampled_from));
}

TEST_CASE("samples are app-limited until what was sent by then is delivered") {
    DeliveryRate rate;
    rate.restart(0, sampled_from);
    rate.on_app_limited(5'000);
    CHECK(rate.snapshot().is_app_limited);
    rate.restart(5'000, sampled_from);
    CHECK(rate.snapshot().is_app_limited);
    const auto then = rate.snapshot();
    const auto sample = rate.on_delivered(6'000, then, sampled_from + 1ms);
    REQUIRE(sample);
    CHECK(sample->is_app_limited);
    CHECK_FALSE(rate.snapshot().is_app_limited);
}
