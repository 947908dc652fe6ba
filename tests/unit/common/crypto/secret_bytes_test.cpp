#include "common/crypto/secret_bytes.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <type_traits>

#include "tests/unit/common/crypto/hex.hpp"

using namespace culvert;

static_assert(!std::is_copy_constructible_v<SecretBytes>);
static_assert(!std::is_copy_assignable_v<SecretBytes>);
static_assert(!fmt::is_formattable<SecretBytes>::value);

TEST_CASE("secret bytes are zeros until somebody writes them") {
    const SecretBytes secret{5};
    CHECK(secret.size() == 5);
    CHECK(test::hex(secret.reveal()) == "0000000000");
    CHECK(SecretBytes{}.reveal().empty());
    CHECK(SecretBytes{0}.reveal().empty());
}

TEST_CASE("secret bytes wipe what they take over and what they forget") {
    ByteVector source = test::unhex("0102030405");
    SecretBytes secret = SecretBytes::take(source);
    CHECK(test::hex(source) == "0000000000");
    CHECK(test::hex(secret.reveal()) == "0102030405");

    const Bytes whole = secret.reveal();
    secret.shrink(2);
    CHECK(test::hex(secret.reveal()) == "0102");
    CHECK(test::hex(whole) == "0102000000");
}

TEST_CASE("moved secret bytes are in one place only") {
    ByteVector source = test::unhex("0102");
    SecretBytes first = SecretBytes::take(source);
    SecretBytes second{std::move(first)};
    CHECK(first.reveal().empty());  // NOLINT: that is the point
    CHECK(test::hex(second.reveal()) == "0102");

    SecretBytes third{7};
    third = std::move(second);
    CHECK(second.reveal().empty());  // NOLINT
    CHECK(test::hex(third.reveal()) == "0102");
}
