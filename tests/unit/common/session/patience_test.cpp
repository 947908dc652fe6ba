#include "common/session/patience.hpp"

#include <doctest/doctest.h>

using namespace culvert;

namespace {

constexpr TimePoint start{std::chrono::hours{1}};
constexpr Duration moment = std::chrono::milliseconds{1};

}  // namespace

TEST_CASE("a stream alone is waited for") {
    CHECK(Patience{}.has(start));
}

TEST_CASE("where others receive as well nobody is waited for") {
    Patience patience;
    patience.on_others(start);
    CHECK_FALSE(patience.has(start));
    CHECK_FALSE(patience.has(start + Patience::alone_after - moment));
    CHECK(patience.has(start + Patience::alone_after));
}

TEST_CASE("a slow reader is waited for a tenth of the time") {
    Patience patience;
    patience.on_waited_in_vain(start);
    CHECK_FALSE(patience.has(start + 9 * Patience::longest));
    CHECK(patience.has(start + 10 * Patience::longest));
}
