#include "common/net/deadline.hpp"

#include <doctest/doctest.h>

namespace culvert {
namespace {

TEST_CASE("a deadline in words") {
    using namespace std::chrono_literals;
    CHECK(Deadline{10s}.timed_out() == "timed out after 10 s");
    CHECK(Deadline{1500ms}.timed_out() == "timed out after 1.5 s");
    CHECK(Deadline{2min}.timed_out() == "timed out after 120 s");
    CHECK(Deadline{0s}.left() == Duration::zero());
    CHECK(Deadline{1h}.left() > 59min);
}

}  // namespace
}  // namespace culvert
