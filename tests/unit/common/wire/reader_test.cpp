#include "common/wire/reader.hpp"

#include <doctest/doctest.h>

#include "common/wire/protocol_error.hpp"
#include "tests/unit/common/crypto/hex.hpp"

using namespace culvert;
using test::hex;
using test::unhex;

namespace {

NameList name_list(std::string_view in_hex) {
    const ByteVector bytes = unhex(in_hex);
    Reader in{bytes};
    NameList names = in.name_list();
    in.expect_end();
    return names;
}

/// A name-list field with this text in it.
ByteVector name_list_field(std::string_view text) {
    ByteVector field = unhex("0000");
    field.push_back(static_cast<std::byte>(text.size() >> 8));
    field.push_back(static_cast<std::byte>(text.size() & 0xff));
    append(field, bytes_of(text));
    return field;
}

}  // namespace

TEST_CASE("the examples of RFC 4251 5 are read") {
    const ByteVector bytes = unhex("29b7f4aa0000000774657374696e67");
    Reader in{bytes};
    CHECK(in.uint32() == 699'921'578);
    CHECK(in.text() == "testing");
    in.expect_end();

    CHECK(name_list("00000000").empty());
    CHECK(name_list("000000047a6c6962") == NameList{"zlib"});
    CHECK(name_list("000000097a6c69622c6e6f6e65") == NameList{"zlib", "none"});
}

TEST_CASE("fields are read in their order, views without a copy") {
    const ByteVector bytes = unhex("070102000000000000000900000002abcddeadbeef");
    Reader in{bytes};
    CHECK(in.byte() == 7);
    CHECK(in.boolean());
    CHECK(in.boolean());  // RFC 4251 5: any value but 0 is true
    CHECK_FALSE(in.boolean());
    CHECK(in.rest().size() == 17);
    Reader whole{bytes};
    whole.raw(3);
    CHECK(whole.uint64() == 9);
    const Bytes string = whole.string();
    CHECK(hex(string) == "abcd");
    CHECK(string.data() == bytes.data() + 15);
    CHECK(hex(whole.raw(4)) == "deadbeef");
    whole.expect_end();
}

TEST_CASE("no field reaches past the end") {
    const ByteVector short_ones = unhex("000000");
    CHECK_THROWS_AS(Reader{{}}.byte(), ProtocolError);
    CHECK_THROWS_AS(Reader{{}}.boolean(), ProtocolError);
    CHECK_THROWS_AS(Reader{short_ones}.uint32(), ProtocolError);
    CHECK_THROWS_AS(Reader{short_ones}.uint64(), ProtocolError);
    CHECK_THROWS_AS(Reader{short_ones}.string(), ProtocolError);
    CHECK_THROWS_AS(Reader{short_ones}.raw(4), ProtocolError);
    for (const char* const length : {"00000004616263", "80000000616263", "ffffffff616263"}) {
        CAPTURE(length);
        const ByteVector bytes = unhex(length);
        CHECK_THROWS_AS(Reader{bytes}.string(), ProtocolError);
        CHECK_THROWS_AS(Reader{bytes}.name_list(), ProtocolError);
    }
}

TEST_CASE("a failed read says what was asked and what is there") {
    const ByteVector bytes = unhex("00000009616263");
    CHECK_THROWS_WITH(Reader{bytes}.string(), "a field of 9 bytes in a message with 3 left");
    CHECK_THROWS_WITH(Reader{bytes}.expect_end(), "7 bytes after the end of a message");
    CHECK_THROWS_WITH(Reader{bytes}.expect_number(20), "message 0 where 20 was due");
}

TEST_CASE("a name that can't be matched does no harm to the others of its list") {
    const std::string long_name(65, 'x');
    const std::string longer_name(10'000, 'y');
    struct Row {
        const char* name;
        std::string text;
        NameList names;
        bool regular = false;
    };
    for (const Row& row : {
             Row{"one name", "zlib", {"zlib"}, true},
             Row{"two names", "zlib,none", {"zlib", "none"}, true},
             Row{"no name", "", {}, true},
             Row{"a comma at the end", "zlib,none,", {"zlib", "none"}},
             Row{"a comma alone", ",", {""}},
             Row{"a comma in front", ",zlib", {"", "zlib"}},
             Row{"two commas", "zlib,,none", {"zlib", "", "none"}},
             Row{"two commas at the end", "zlib,,", {"zlib", ""}},
             Row{"a blank", "z lib,none", {"z lib", "none"}},
             Row{"a blank behind the comma", "zlib, none", {"zlib", " none"}},
             Row{"a line end", "zlib,none\n", {"zlib", "none\n"}},
             Row{"DEL", "zlib\x7f,none", {"zlib\x7f", "none"}},
             Row{"no ASCII",
                 "zl\xc3\xac"
                 "b,none",
                 {"zl\xc3\xac"
                  "b",
                  "none"}},
             Row{"64 characters", std::string(64, 'x'), {std::string(64, 'x')}, true},
             Row{"65 characters", long_name + ",none", {long_name, "none"}},
             Row{"very long", "zlib," + longer_name, {"zlib", longer_name}},
         }) {
        CAPTURE(row.name);
        CHECK(Reader{name_list_field(row.text)}.name_list() == row.names);
        CHECK(is_regular_name_list(row.text) == row.regular);
    }
}

TEST_CASE("a NUL in a name-list is refused, wherever it stands") {
    for (const std::string& text :
         {std::string{"z\0lib", 5}, std::string{"zlib\0", 5}, std::string{"\0", 1},
          std::string{"zlib,none\0", 10}, std::string{"zlib,\0,none", 11}}) {
        CAPTURE(text.size());
        CHECK_THROWS_AS(Reader{name_list_field(text)}.name_list(), ProtocolError);
        CHECK_FALSE(is_regular_name_list(text));
    }
}

TEST_CASE("of a name-list with more than 256 names the first 256 count") {
    std::string text = "first";
    for (int i = 1; i < 256; ++i) text += ",n";
    CHECK(Reader{name_list_field(text)}.name_list().size() == 256);
    CHECK(is_regular_name_list(text));
    for (int i = 0; i < 10'000; ++i) text += ",m";
    const NameList names = Reader{name_list_field(text)}.name_list();
    CHECK(names.size() == 256);
    CHECK(names.front() == "first");
    CHECK(names.back() == "n");
    CHECK_FALSE(is_regular_name_list(text));
}
