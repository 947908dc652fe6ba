#include "common/base/strong.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <type_traits>

using namespace culvert;

namespace {

using Apples = Strong<struct ApplesTag, std::uint32_t>;
using Pears = Strong<struct PearsTag, std::uint32_t>;

static_assert(!std::is_convertible_v<std::uint32_t, Apples>);
static_assert(!std::is_convertible_v<Apples, std::uint32_t>);
static_assert(!std::is_convertible_v<Apples, Pears>);
static_assert(!std::equality_comparable_with<Apples, Pears>);

}  // namespace

TEST_CASE("a strong integer compares and hashes as its value, and mixes with no other") {
    CHECK(Apples{}.value() == 0);
    CHECK(Apples{7}.value() == 7);
    CHECK(Apples{7} == Apples{7});
    CHECK(Apples{7} < Apples{8});
    CHECK(std::hash<Apples>{}(Apples{7}) == std::hash<std::uint32_t>{}(7));
}
