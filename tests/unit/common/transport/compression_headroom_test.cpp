#include "common/transport/compression_headroom.hpp"

#include <doctest/doctest.h>

using namespace culvert;

namespace {

constexpr TimePoint start{std::chrono::hours{1000}};

/// A second of turns of 10 ms, of which the output is blocked for so many.
void pass_second(CompressionHeadroom& headroom, TimePoint& now, int blocked_milliseconds) {
    for (int i = 0; i < 100; ++i) {
        now += std::chrono::milliseconds{10 - blocked_milliseconds};
        headroom.on_output_blocked(now);
        now += std::chrono::milliseconds{blocked_milliseconds};
        headroom.on_output_taken(now);
    }
}

CompressionPace pace_after(CompressionPace before, int blocked_milliseconds) {
    CompressionHeadroom headroom;
    TimePoint now = start;
    headroom.on_output_taken(now);
    pass_second(headroom, now, before == CompressionPace::thorough ? 10 : 0);
    REQUIRE(headroom.pace() == before);
    pass_second(headroom, now, blocked_milliseconds);
    return headroom.pace();
}

}  // namespace

TEST_CASE("the more the connection is waited for, the harder it is compressed") {
    using enum CompressionPace;
    struct Row {
        int blocked_milliseconds;  // of ten
        CompressionPace from_quick, from_thorough;
    };
    for (const Row& row :
         {Row{0, quick, quick}, Row{1, quick, quick}, Row{2, quick, thorough},
          Row{6, quick, thorough}, Row{7, thorough, thorough}, Row{10, thorough, thorough}}) {
        CAPTURE(row.blocked_milliseconds);
        CHECK(pace_after(quick, row.blocked_milliseconds) == row.from_quick);
        CHECK(pace_after(thorough, row.blocked_milliseconds) == row.from_thorough);
    }
}

TEST_CASE("a moment decides nothing") {
    CompressionHeadroom headroom;
    TimePoint now = start;
    headroom.on_output_taken(now);
    headroom.on_output_blocked(now);
    now += CompressionHeadroom::period / 2;
    headroom.on_output_taken(now);
    CHECK(headroom.pace() == CompressionPace::quick);
    // Blocked twice in a row is blocked since the first time.
    headroom.on_output_blocked(now);
    now += CompressionHeadroom::period / 2;
    headroom.on_output_blocked(now);
    headroom.on_output_taken(now);
    CHECK(headroom.pace() == CompressionPace::thorough);
    // A connection that idles takes everything.
    now += std::chrono::hours{1};
    headroom.on_output_taken(now);
    CHECK(headroom.pace() == CompressionPace::quick);
}
