#include "common/transport/compression_effort.hpp"

#include <algorithm>

#include <doctest/doctest.h>

using namespace culvert;

namespace {

constexpr std::size_t payload = 32 * 1024;

/// Deflates payloads that keep this much of their size until the effort is given up, at most
/// `most` of them. Returns how many there were.
std::size_t deflated_until_given_up(CompressionEffort& effort, std::size_t percent_left,
                                    std::size_t most) {
    std::size_t count = 0;
    while (!effort.stores() && count < most) {
        effort.on_deflated(payload, payload * percent_left / 100);
        ++count;
    }
    return count;
}

std::size_t stored_until_tried_again(CompressionEffort& effort) {
    std::size_t bytes = 0;
    while (effort.stores()) {
        effort.on_stored(payload);
        bytes += payload;
    }
    return bytes;
}

}  // namespace

TEST_CASE("what shrinks is deflated for ever") {
    CompressionEffort effort;
    CHECK(deflated_until_given_up(effort, 94, 1000) == 1000);
    CHECK_FALSE(effort.stores());
}

TEST_CASE("what doesn't shrink is stored, and tried again ever more rarely") {
    CompressionEffort effort;
    std::size_t expected = CompressionEffort::shortest_while;
    for (int i = 0; i < 12; ++i) {
        CAPTURE(i);
        const std::size_t sample =
            i == 0 ? CompressionEffort::first_sample : CompressionEffort::later_sample;
        CHECK(deflated_until_given_up(effort, 96, 1000) == sample / payload);
        CHECK(stored_until_tried_again(effort) == expected);
        expected = std::min(expected * 2, CompressionEffort::longest_while);
    }
    // Once it shrinks again, all is as at the start.
    effort.on_deflated(payload, payload / 3);
    CHECK(deflated_until_given_up(effort, 100, 1000) == CompressionEffort::first_sample / payload);
    CHECK(stored_until_tried_again(effort) == CompressionEffort::shortest_while);
}

TEST_CASE("small payloads decide nothing") {
    CompressionEffort effort;
    for (int i = 0; i < 10'000; ++i) {
        effort.on_deflated(CompressionEffort::smallest_counted - 1, 600);
        REQUIRE_FALSE(effort.stores());
    }
}
