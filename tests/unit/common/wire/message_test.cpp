#include "common/wire/message.hpp"

#include <doctest/doctest.h>

#include "tests/unit/common/wire/check_codec.hpp"

using namespace culvert;
using test::hex;
using test::unhex;

namespace {

/// One field of every type.
struct Everything {
    static constexpr std::uint8_t number = 200;
    bool boolean{};
    std::uint8_t byte{};
    std::uint32_t uint32{};
    std::uint64_t uint64{};
    Bytes bytes;
    std::string_view text;
    std::string owned;
    NameList names;
    Strong<struct EverythingTag, std::uint32_t> strong{};
    std::array<std::byte, 3> array{};

    static void fields(auto& m, auto&& each) {
        each(m.boolean, m.byte, m.uint32, m.uint64, m.bytes, m.text, m.owned, m.names, m.strong,
             m.array);
    }
};

struct Tail {
    std::uint32_t value{};

    static void fields(auto& m, auto&& each) { each(m.value); }
};

}  // namespace

TEST_CASE("fields of every type go there and back in their order") {
    const ByteVector three = unhex("010203");
    Everything message;
    message.boolean = true;
    message.byte = 2;
    message.uint32 = 3;
    message.uint64 = 4;
    message.bytes = three;
    message.text = "text";
    message.owned = "o";
    message.names = {"a", "bc"};
    message.strong = Strong<struct EverythingTag, std::uint32_t>{5};
    message.array = {std::byte{6}, std::byte{7}, std::byte{8}};
    test::check_codec(message,
                      "c8"
                      "01"
                      "02"
                      "00000003"
                      "0000000000000004"
                      "00000003010203"
                      "0000000474657874"
                      "000000016f"
                      "00000004612c6263"
                      "00000005"
                      "060708");
}

TEST_CASE("what follows a head is left to be read") {
    const ByteVector payload = unhex("010000000100000000000000000000000a");
    Reader in{payload};
    in.expect_number(1);
    CHECK(decode_fields<Tail>(in).value == 1);
    CHECK(in.uint64() == 0);
    CHECK(decode_fields<Tail>(in).value == 10);
    in.expect_end();

    ByteVector to;
    encode_fields(Tail{258}, to);
    encode_fields(Tail{1}, to);
    CHECK(hex(to) == "0000010200000001");
}

TEST_CASE("an empty payload has no number") {
    CHECK_THROWS_AS(message_number({}), ProtocolError);
    CHECK(message_number(unhex("ff00")) == 255);
}
