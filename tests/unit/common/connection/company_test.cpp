#include "common/connection/company.hpp"

#include <doctest/doctest.h>

using namespace culvert;
using namespace std::chrono_literals;

TEST_CASE("a remainder of bulk is no small message, two in a row are") {
    SmallMessages messages;
    CHECK_FALSE(messages.goes_on(32'768));
    CHECK_FALSE(messages.goes_on(100));
    CHECK_FALSE(messages.goes_on(32'768));
    CHECK_FALSE(messages.goes_on(SmallMessages::largest));
    CHECK(messages.goes_on(1));
    CHECK_FALSE(messages.goes_on(SmallMessages::largest + 1));
}

TEST_CASE("company is remembered for a moment") {
    Company company;
    const TimePoint now{1h};
    CHECK_FALSE(company.is_here(now));
    company.on_small_message(now);
    CHECK(company.is_here(now + Company::memory - 1ns));
    CHECK_FALSE(company.is_here(now + Company::memory));
}
