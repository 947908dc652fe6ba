#include "common/wire/irregularity.hpp"

#include <doctest/doctest.h>

#include <set>

using namespace culvert;

TEST_CASE("every one is counted, and each kind told once") {
    Irregularities irregularities;
    CHECK_FALSE(irregularities.take_new());
    irregularities.note(Irregularity::late_eof);
    irregularities.note(Irregularity::late_data);
    irregularities.note(Irregularity::late_eof);
    CHECK(irregularities.count(Irregularity::late_eof) == 2);
    CHECK(irregularities.count(Irregularity::late_data) == 1);
    CHECK(irregularities.count(Irregularity::late_close) == 0);
    CHECK(irregularities.take_new() == Irregularity::late_data);
    CHECK(irregularities.take_new() == Irregularity::late_eof);
    CHECK_FALSE(irregularities.take_new());
    irregularities.note(Irregularity::late_data);
    CHECK_FALSE(irregularities.take_new());
    CHECK(irregularities.count(Irregularity::late_data) == 2);
}

TEST_CASE("each kind has words of its own") {
    std::set<std::string_view> texts;
    for (std::size_t kind = 0; kind < Irregularities::kinds; ++kind) {
        const std::string_view text = describe(static_cast<Irregularity>(kind));
        CHECK_FALSE(text.empty());
        CHECK(texts.insert(text).second);
    }
}
