#include "common/engine/login_clock.hpp"

#include <doctest/doctest.h>

using namespace culvert;
using namespace std::chrono_literals;

namespace {

constexpr TimePoint login_began{1h};
constexpr LoginTimes usual_times{.grace = 30s, .grace_with_key = 120s};

}  // namespace

TEST_CASE("a login's deadline stands still while its owner is asked") {
    LoginClock clock{usual_times, login_began};
    CHECK(clock.deadline() == login_began + 30s);
    clock.pause(login_began + 10s);
    CHECK_FALSE(clock.deadline());
    clock.resume(login_began + 70s);
    CHECK(clock.deadline() == login_began + 90s);
}

TEST_CASE("the first key that is taken gives more time, later ones none") {
    LoginClock clock{usual_times, login_began};
    CHECK(clock.limit() == 30s);
    clock.on_key_taken(login_began + 20s);
    CHECK(clock.deadline() == login_began + 140s);
    CHECK(clock.limit() == 120s);
    clock.on_key_taken(login_began + 100s);
    CHECK(clock.deadline() == login_began + 140s);
    LoginClock patient{{.grace = 300s, .grace_with_key = 10s}, login_began};
    patient.on_key_taken(login_began);
    CHECK(patient.deadline() == login_began + 300s);
    CHECK(patient.limit() == 300s);
}

TEST_CASE("an answer is timed from when its question was written, once") {
    LoginClock clock{usual_times, login_began};
    CHECK_FALSE(clock.take_answer_time(login_began));
    clock.on_asked(login_began);
    clock.move_asked(login_began + 2s);
    CHECK(clock.take_answer_time(login_began + 3s) == 1s);
    CHECK_FALSE(clock.take_answer_time(login_began + 3s));
    clock.move_asked(login_began + 4s);
    CHECK_FALSE(clock.take_answer_time(login_began + 5s));
    clock.on_asked(login_began + 5s);
    clock.forget_asked();
    CHECK_FALSE(clock.take_answer_time(login_began + 6s));
}
