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

TEST_CASE("a name-list holds names and single commas alone (RFC 4251 5 and 6)") {
    for (const std::string& text : {
             std::string{","},
             std::string{",zlib"},
             std::string{"zlib,"},
             std::string{"zlib,,none"},
             std::string{"zlib none"},
             std::string{"zlib\nnone"},
             std::string{"z\0", 2},
             std::string{"z\x7f"},
             std::string{"zl\xc3\xac"},
             std::string(65, 'x'),
         }) {
        CAPTURE(text);
        CHECK_THROWS_AS(Reader{name_list_field(text)}.name_list(), ProtocolError);
    }
    const std::string longest(64, 'x');
    CHECK(Reader{name_list_field(longest + "," + longest)}.name_list() ==
          NameList{longest, longest});
}

TEST_CASE("a name-list of many names is refused before it costs much") {
    std::string names = "n";
    for (int i = 1; i < 256; ++i) names += ",n";
    CHECK(Reader{name_list_field(names)}.name_list().size() == 256);
    names += ",n";
    CHECK_THROWS_AS(Reader{name_list_field(names)}.name_list(), ProtocolError);
}
