#include "common/log/repeat_limit.hpp"

#include <doctest/doctest.h>

#include "tests/unit/common/log/captured_stderr.hpp"

using namespace culvert;

TEST_CASE("the first lines of a span are written, the rest counted and reported after it") {
    RepeatLimit limit{"lines"};
    const TimePoint start{std::chrono::hours{1}};
    for (std::size_t i = 0; i < RepeatLimit::burst; ++i) CHECK(limit.admit(start).is_written);
    const auto last = start + RepeatLimit::span - std::chrono::nanoseconds{1};
    for (int i = 0; i < 3; ++i) CHECK_FALSE(limit.admit(last).is_written);

    const auto next = limit.admit(start + RepeatLimit::span);
    CHECK(next.is_written);
    CHECK(next.kept_back == 3);
    CHECK(limit.admit(start + RepeatLimit::span).kept_back == 0);
}

TEST_CASE("what was kept back is said at the end") {
    test::CapturedStderr captured;
    start_log("culvertd");
    RepeatLimit limit{"connections turned away"};
    for (std::size_t i = 0; i < RepeatLimit::burst + 5; ++i) {
        limit.log(LogLevel::verbose, "not seen, and not counted");
        limit.log(LogLevel::info, "turned away");
    }
    limit.log_rest(LogLevel::info);
    limit.log_rest(LogLevel::info);
    std::string expected;
    for (std::size_t i = 0; i < RepeatLimit::burst; ++i) expected += "culvertd: turned away\n";
    CHECK(captured.text() == expected + "culvertd: 5 more connections turned away\n");
}
