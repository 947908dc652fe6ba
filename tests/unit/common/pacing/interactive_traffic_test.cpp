#include "common/pacing/interactive_traffic.hpp"

#include <doctest/doctest.h>

using namespace culvert;
using namespace std::chrono_literals;

TEST_CASE("a remainder of bulk is no small message, two in a row are") {
    SparseFlow messages;
    CHECK_FALSE(messages.is_sparse_after(32'768));
    CHECK_FALSE(messages.is_sparse_after(100));
    CHECK_FALSE(messages.is_sparse_after(32'768));
    CHECK_FALSE(messages.is_sparse_after(SparseFlow::largest));
    CHECK(messages.is_sparse_after(1));
    CHECK_FALSE(messages.is_sparse_after(SparseFlow::largest + 1));
}

TEST_CASE("company is remembered for a moment") {
    InteractiveTraffic company;
    const TimePoint now{1h};
    CHECK_FALSE(company.is_active(now));
    company.on_small_message(now);
    CHECK(company.is_active(now + InteractiveTraffic::memory - 1ns));
    CHECK_FALSE(company.is_active(now + InteractiveTraffic::memory));
}
