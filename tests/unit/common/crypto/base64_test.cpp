#include "common/crypto/base64.hpp"

#include <doctest/doctest.h>

#include "tests/unit/common/crypto/hex.hpp"

using namespace culvert;

TEST_CASE("base64 both ways (RFC 4648 10)") {
    struct Row {
        const char* text;
        const char* base64;
        const char* without_padding;
    };
    for (const Row& row : {
             Row{"", "", ""},
             Row{"f", "Zg==", "Zg"},
             Row{"fo", "Zm8=", "Zm8"},
             Row{"foo", "Zm9v", "Zm9v"},
             Row{"foob", "Zm9vYg==", "Zm9vYg"},
             Row{"foobar", "Zm9vYmFy", "Zm9vYmFy"},
             Row{"\xfb\xff\xbf", "+/+/", "+/+/"},
         }) {
        CAPTURE(row.base64);
        CHECK(base64_encode(bytes_of(row.text)) == row.base64);
        CHECK(base64_encode(bytes_of(row.text), Base64Padding::without) == row.without_padding);
        const auto decoded = base64_decode(row.base64);
        REQUIRE(decoded.has_value());
        CHECK(text_of(*decoded) == row.text);
        const auto secret = base64_decode_secret(row.base64);
        REQUIRE(secret.has_value());
        CHECK(text_of(secret->reveal()) == row.text);
    }
}

TEST_CASE("base64 has one text for each content") {
    for (const std::string_view text : {
             "Zg",
             "Zg=",
             "Zg===",
             "Z",
             "Zm9",
             "Zg==Zg==",
             " Zg==",
             "Zg== ",
             "Zm9v\n",
             "Zm 9v",
             "Zh==",
             "Zm9=",
             "-_-_",
             "=",
             "====",
             "Zm9v=",
             "Zm9\x81",
             "\xffm9v",
         }) {
        CAPTURE(text);
        CHECK_FALSE(base64_decode(text).has_value());
        CHECK_FALSE(base64_decode_secret(text).has_value());
    }
    CHECK_FALSE(base64_decode(std::string_view{"Zg\0=", 4}).has_value());
}
