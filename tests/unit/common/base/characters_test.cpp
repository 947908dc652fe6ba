#include "common/base/characters.hpp"

#include <doctest/doctest.h>

using namespace culvert;

TEST_CASE("only ASCII letters have a case") {
    CHECK(lower_case("AZaz09-@[`{") == "azaz09-@[`{");
    CHECK(lower_case("\xc3\x84") == "\xc3\x84");
}

TEST_CASE("blanks and control characters are found") {
    CHECK(has_control("a\nb"));
    CHECK(has_control(std::string_view{"a\0b", 3}));
    CHECK(has_control("\x7f"));
    CHECK(has_control("\x1b[2J"));
    CHECK(!has_control("a b\xc3\xb6"));
    CHECK(has_blank_or_control("a b"));
    CHECK(has_blank_or_control("a\tb"));
    CHECK(!has_blank_or_control("a-b"));
    CHECK(is_one_word("gw.example.com"));
    CHECK(!is_one_word(""));
    CHECK(!is_one_word("a b"));
    CHECK(!is_one_word("\xc3\xb6"));
}
