#include "common/config/duration.hpp"

#include <string>

#include <doctest/doctest.h>

using namespace culvert;
using namespace std::chrono_literals;

TEST_CASE("durations carry their units") {
    struct Row {
        std::string text;
        long long milliseconds;  ///< -1: none
    };
    for (const Row& row : {
             Row{"0", 0},          Row{"0s", 0},           Row{"500ms", 500},
             Row{"15s", 15'000},   Row{"2m", 120'000},     Row{"1h", 3'600'000},
             Row{"1m30s", 90'000}, Row{"1s1ms", 1'001},    Row{"366d", 366LL * 86'400'000},
             Row{"367d", -1},      Row{"4294967295d", -1}, Row{"99999999999s", -1},
             Row{"", -1},          Row{"15", -1},          Row{"s", -1},
             Row{"-1s", -1},       Row{"1.5s", -1},        Row{"15 s", -1},
             Row{"15S", -1},       Row{"30s1m", -1},       Row{"1s1s", -1},
             Row{"1x", -1},
         }) {
        CAPTURE(row.text);
        const auto parsed = parse_duration(row.text);
        CHECK(parsed.has_value() == (row.milliseconds >= 0));
        if (parsed) CHECK(parsed->count() == row.milliseconds);
    }
}

TEST_CASE("ssh's times may be bare seconds, and are in letters of either case") {
    CHECK(parse_ssh_time("90") == 90s);
    CHECK(parse_ssh_time("1M30S") == 90s);
    CHECK(parse_ssh_time("0") == 0s);
    for (const std::string_view text : {"", "500ms", "1500ms", "1.5", "soon", "-1", "none"}) {
        CAPTURE(text);
        CHECK(!parse_ssh_time(text));
    }
}
