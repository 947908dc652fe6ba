#include "common/pacing/interactive_traffic.hpp"

#include <doctest/doctest.h>

using namespace culvert;
using namespace std::chrono_literals;

TEST_CASE("a remainder of bulk makes no sparse flow, two small messages in a row do") {
    SparseFlow flow;
    CHECK_FALSE(flow.is_sparse_after(32'768));
    CHECK_FALSE(flow.is_sparse_after(100));
    CHECK_FALSE(flow.is_sparse_after(32'768));
    CHECK_FALSE(flow.is_sparse_after(SparseFlow::largest));
    CHECK(flow.is_sparse_after(1));
    CHECK_FALSE(flow.is_sparse_after(SparseFlow::largest + 1));
}

TEST_CASE("interactive traffic is remembered for a moment") {
    InteractiveTraffic traffic;
    const TimePoint now{1h};
    CHECK_FALSE(traffic.is_active(now));
    traffic.on_small_message(now);
    CHECK(traffic.is_active(now + InteractiveTraffic::memory - 1ns));
    CHECK_FALSE(traffic.is_active(now + InteractiveTraffic::memory));
}
