#include "common/compression/adaptive_level.hpp"

#include <doctest/doctest.h>

using namespace culvert;

namespace {

constexpr TimePoint start{std::chrono::hours{1000}};

/// A second of turns of 10 ms, of which the output is blocked for so many.
void pass_second(AdaptiveLevel& adaptive, TimePoint& now, int blocked_milliseconds) {
    for (int i = 0; i < 100; ++i) {
        now += std::chrono::milliseconds{10 - blocked_milliseconds};
        adaptive.on_output_blocked(now);
        now += std::chrono::milliseconds{blocked_milliseconds};
        adaptive.on_output_taken(now);
    }
}

CompressionLevel level_after(CompressionLevel before, int blocked_milliseconds) {
    AdaptiveLevel adaptive;
    TimePoint now = start;
    adaptive.on_output_taken(now);
    pass_second(adaptive, now, before == CompressionLevel::thorough ? 10 : 0);
    REQUIRE(adaptive.level() == before);
    pass_second(adaptive, now, blocked_milliseconds);
    return adaptive.level();
}

}  // namespace

TEST_CASE("the more the connection is waited for, the harder it is compressed") {
    using enum CompressionLevel;
    struct Row {
        int blocked_milliseconds;  // of ten
        CompressionLevel from_quick, from_thorough;
    };
    for (const Row& row :
         {Row{0, quick, quick}, Row{1, quick, quick}, Row{2, quick, thorough},
          Row{6, quick, thorough}, Row{7, thorough, thorough}, Row{10, thorough, thorough}}) {
        CAPTURE(row.blocked_milliseconds);
        CHECK(level_after(quick, row.blocked_milliseconds) == row.from_quick);
        CHECK(level_after(thorough, row.blocked_milliseconds) == row.from_thorough);
    }
}

TEST_CASE("a moment decides nothing") {
    AdaptiveLevel adaptive;
    TimePoint now = start;
    adaptive.on_output_taken(now);
    adaptive.on_output_blocked(now);
    now += AdaptiveLevel::period / 2;
    adaptive.on_output_taken(now);
    CHECK(adaptive.level() == CompressionLevel::quick);
    // Blocked twice in a row is blocked since the first time.
    adaptive.on_output_blocked(now);
    now += AdaptiveLevel::period / 2;
    adaptive.on_output_blocked(now);
    adaptive.on_output_taken(now);
    CHECK(adaptive.level() == CompressionLevel::thorough);
    // A connection that idles takes everything.
    now += std::chrono::hours{1};
    adaptive.on_output_taken(now);
    CHECK(adaptive.level() == CompressionLevel::quick);
}
