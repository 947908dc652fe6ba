#include "common/compression/compressibility.hpp"

#include <algorithm>

#include <doctest/doctest.h>

using namespace culvert;

namespace {

constexpr std::size_t payload = 32 * 1024;

/// Deflates payloads that keep this much of their size until the compressibility is given up, at
/// most `most` of them. Returns how many there were.
std::size_t deflated_until_given_up(Compressibility& compressibility, std::size_t percent_left,
                                    std::size_t most) {
    std::size_t count = 0;
    while (!compressibility.stores() && count < most) {
        compressibility.on_deflated(payload, payload * percent_left / 100);
        ++count;
    }
    return count;
}

std::size_t stored_until_tried_again(Compressibility& compressibility) {
    std::size_t bytes = 0;
    while (compressibility.stores()) {
        compressibility.on_stored(payload);
        bytes += payload;
    }
    return bytes;
}

}  // namespace

TEST_CASE("what shrinks is deflated for ever") {
    Compressibility compressibility;
    CHECK(deflated_until_given_up(compressibility, 94, 1000) == 1000);
    CHECK_FALSE(compressibility.stores());
}

TEST_CASE("what doesn't shrink is stored, and tried again ever more rarely") {
    Compressibility compressibility;
    std::size_t expected = Compressibility::shortest_while;
    for (int i = 0; i < 12; ++i) {
        CAPTURE(i);
        const std::size_t sample =
            i == 0 ? Compressibility::first_sample : Compressibility::later_sample;
        CHECK(deflated_until_given_up(compressibility, 96, 1000) == sample / payload);
        CHECK(stored_until_tried_again(compressibility) == expected);
        expected = std::min(expected * 2, Compressibility::longest_while);
    }
    // Once it shrinks again, all is as at the start.
    compressibility.on_deflated(payload, payload / 3);
    CHECK(deflated_until_given_up(compressibility, 100, 1000) ==
          Compressibility::first_sample / payload);
    CHECK(stored_until_tried_again(compressibility) == Compressibility::shortest_while);
}

TEST_CASE("small payloads decide nothing") {
    Compressibility compressibility;
    for (int i = 0; i < 10'000; ++i) {
        compressibility.on_deflated(limits::compression::smallest_counted - 1, 600);
        REQUIRE_FALSE(compressibility.stores());
    }
}
