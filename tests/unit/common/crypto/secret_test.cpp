#include "common/crypto/secret.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <cstring>
#include <type_traits>

#include "common/base/bytes.hpp"
#include "tests/unit/common/crypto/hex.hpp"

using namespace culvert;

static_assert(!std::is_copy_constructible_v<CipherKey>);
static_assert(!std::is_copy_assignable_v<CipherKey>);
static_assert(!fmt::is_formattable<CipherKey>::value);

using Four = Secret<struct FourTag, 4>;

TEST_CASE("a secret wipes every place that it leaves") {
    std::array<std::byte, 4> source = test::unhex_array<4>("01020304");

    SUBCASE("where it comes from") {
        const Four secret{std::span{source}};
        CHECK(test::hex(source) == "00000000");
        CHECK(test::hex(secret.reveal()) == "01020304");
    }
    SUBCASE("what it is moved from") {
        Four first{std::span{source}};
        const Four second{std::move(first)};
        CHECK(test::hex(first.reveal()) == "00000000");  // NOLINT: that is the point
        CHECK(test::hex(second.reveal()) == "01020304");
    }
    SUBCASE("where it dies") {
        alignas(Four) std::array<std::byte, sizeof(Four)> place{};
        Four* const secret = new (place.data()) Four{std::span{source}};
        REQUIRE(test::hex(place) == "01020304");
        secret->~Four();
        CHECK(test::hex(place) == "00000000");
    }
}
