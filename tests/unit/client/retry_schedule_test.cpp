#include "client/retry_schedule.hpp"

#include <doctest/doctest.h>

#include "client/defaults.hpp"
#include "tests/unit/common/config/made_up_environment.hpp"
#include "tests/unit/common/crypto/test_random.hpp"

namespace culvert {
namespace {

using namespace std::chrono_literals;

const TimePoint outset{};

class Schedule {
public:
    explicit Schedule(FirstFailure first_failure, unsigned attempts = 1)
        : settings_{default_tunnel_settings(made_up_environment())}, first_failure_{first_failure} {
        settings_.connection_attempts = attempts;
    }

    RetrySchedule* operator->() { return &retries_; }
    bool is_final(ErrorKind kind, TimePoint now = outset) {
        return retries_.is_final(Error{kind, "it failed"}, now);
    }

private:
    TunnelSettings settings_;
    FirstFailure first_failure_;
    test::SeededRandom random_{1};
    RetrySchedule retries_{settings_, first_failure_, random_};
};

}  // namespace

TEST_CASE("a first connection has as many tries as were asked for, a second apart") {
    Schedule schedule{FirstFailure::ends, 3};
    for (int i = 0; i < 2; ++i) {
        CHECK(!schedule.is_final(ErrorKind::network));
        CHECK(schedule->plan(outset) == 1s);
        // A local program doesn't change that.
        CHECK(!schedule->bring_forward(outset));
    }
    CHECK(schedule.is_final(ErrorKind::network));
}

TEST_CASE("a refusal ends the tries, whether the tunnel has been up or not") {
    for (const ErrorKind kind :
         {ErrorKind::host_key, ErrorKind::authentication, ErrorKind::usage}) {
        Schedule fresh{FirstFailure::is_outlived};
        CHECK(fresh.is_final(kind));
        Schedule has_been_up{FirstFailure::ends};
        has_been_up->on_up(outset);
        CHECK(has_been_up.is_final(kind));
    }
}

TEST_CASE("what a file holds ends the tries before the tunnel has been up, and not after") {
    Schedule schedule{FirstFailure::is_outlived};
    CHECK(schedule.is_final(ErrorKind::config));
    schedule->on_tunnel_up();
    CHECK(!schedule.is_final(ErrorKind::config));
}

TEST_CASE("a tunnel that has been up, or outlives its first failure, is tried for ever") {
    Schedule outlives{FirstFailure::is_outlived};
    Schedule has_been_up{FirstFailure::ends};
    has_been_up->on_up(outset);
    for (int i = 0; i < 100; ++i) {
        CHECK(!outlives.is_final(ErrorKind::network));
        CHECK(!has_been_up.is_final(ErrorKind::network));
        CHECK(outlives->plan(outset) <= Backoff::cap);
        CHECK(has_been_up->plan(outset) <= Backoff::cap);
    }
}

TEST_CASE("a server that has no place now is asked again for half a minute") {
    Schedule schedule{FirstFailure::ends};
    const auto is_final_after = [&](Duration time) {
        schedule->on_try();
        schedule->on_told_to_try_later();
        return schedule.is_final(ErrorKind::network, outset + time);
    };
    CHECK(!is_final_after(0s));
    const Duration wait = schedule->plan(outset);
    CHECK(wait >= 500ms);
    CHECK(wait < 1500ms);
    CHECK(!is_final_after(29s));
    CHECK(is_final_after(30s));
}

TEST_CASE("only the last try's answer counts as being told to try later") {
    Schedule schedule{FirstFailure::ends};
    schedule->on_try();
    schedule->on_told_to_try_later();
    schedule->on_try();
    CHECK(schedule.is_final(ErrorKind::network));
}

TEST_CASE("a local program that waits brings the next try forward") {
    Schedule schedule{FirstFailure::is_outlived};
    Duration wait{};
    while (wait < 10s) wait = schedule->plan(outset);
    const auto left = schedule->bring_forward(outset);
    REQUIRE(left);
    CHECK(*left <= NextTry::soon);
    CHECK(!schedule->bring_forward(outset));
}

}  // namespace culvert
