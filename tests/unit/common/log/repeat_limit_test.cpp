#include "common/log/repeat_limit.hpp"

#include <doctest/doctest.h>

#include "tests/unit/common/log/captured_stderr.hpp"

using namespace culvert;
using namespace std::chrono_literals;

namespace {

constexpr TimePoint start{1h};
constexpr LogLevel info = LogLevel::info;

void fill(RepeatLimit& limit, std::string_view cause) {
    for (std::size_t i = 0; i < RepeatLimit::burst; ++i) CHECK(limit.admits(info, cause, start));
}

}  // namespace

TEST_CASE("the first lines of a span are written, the rest counted and reported after it") {
    test::CapturedStderr captured;
    start_log("culvertd");
    RepeatLimit limit{"lines"};
    fill(limit, "refused");
    const auto last = start + RepeatLimit::span - 1ns;
    for (int i = 0; i < 3; ++i) CHECK_FALSE(limit.admits(info, "refused", last));
    log_info("so far");
    CHECK(limit.admits(info, "refused", start + RepeatLimit::span));
    CHECK(limit.admits(info, "refused", start + RepeatLimit::span));
    CHECK(captured.text() == "culvertd: so far\nculvertd: 3 more lines: refused\n");
}

TEST_CASE("a flood hides no line with another cause") {
    test::CapturedStderr captured;
    start_log("culvertd");
    RepeatLimit limit{"lines"};
    fill(limit, "refused");
    CHECK_FALSE(limit.admits(info, "refused", start));
    CHECK(limit.admits(info, "no such host", start));

    // Whoever makes causes up can't make the log grow by them.
    std::size_t written = 0;
    for (int i = 0; i < 1'000; ++i) written += limit.admits(info, std::to_string(i), start);
    CHECK(written <= RepeatLimit::most_causes + RepeatLimit::burst);
    // When they are old, there is room for others.
    CHECK(limit.admits(info, "timed out", start + RepeatLimit::span));
    CHECK(limit.admits(info, "refused", start + RepeatLimit::span));
}

TEST_CASE("counts are reported when their span is over, or the program") {
    test::CapturedStderr captured;
    start_log("culvertd");
    RepeatLimit limit{"connections turned away"};
    fill(limit, "full");
    for (int i = 0; i < 5; ++i) CHECK_FALSE(limit.admits(info, "full", start));
    limit.report(info, start + RepeatLimit::span - 1ns);
    log_info("so far");
    limit.report(info, start + RepeatLimit::span);
    limit.report(info, start + 2 * RepeatLimit::span);

    fill(limit, "full");
    CHECK_FALSE(limit.admits(info, "full", start));
    limit.log_rest(info);
    limit.log_rest(info);
    CHECK(captured.text() ==
          "culvertd: so far\n"
          "culvertd: 5 more connections turned away: full\n"
          "culvertd: 1 more connections turned away: full\n");
}

TEST_CASE("what isn't logged at all isn't counted") {
    test::CapturedStderr captured;
    start_log("culvertd");
    RepeatLimit limit{"lines"};
    for (int i = 0; i < 20; ++i) CHECK_FALSE(limit.admits(LogLevel::verbose, "x", start));
    limit.log_rest(LogLevel::info);
    CHECK(captured.text() == "");
}

TEST_CASE("a tag ends each line, that of the count too") {
    test::CapturedStderr captured;
    start_log("culvert");
    RepeatLimit limit{"lines", LogKind::general, " [mail]"};
    for (std::size_t i = 0; i <= RepeatLimit::burst; ++i) limit.log(info, "refused", "no {}", i);
    limit.log_rest(info);
    const std::string text = captured.text();
    CHECK(text.starts_with("culvert: no 0 [mail]\nculvert: no 1 [mail]\n"));
    CHECK(text.ends_with("culvert: 1 more lines: refused [mail]\n"));
}
