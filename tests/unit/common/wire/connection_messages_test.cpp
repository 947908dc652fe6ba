#include "common/wire/connection_messages.hpp"

#include <doctest/doctest.h>

#include "tests/unit/common/wire/check_codec.hpp"

using namespace culvert;
using test::check_codec;
using test::unhex;

TEST_CASE("global requests (RFC 4254 4)") {
    check_codec(msg::GlobalRequest{"tcpip", true}, "5000000005746370697001");
    check_codec(msg::RequestSuccess{}, "51");
    check_codec(msg::RequestFailure{}, "52");
}

TEST_CASE("opening a channel (RFC 4254 5.1)") {
    check_codec(msg::ChannelOpen{"x", ChannelId{1}, 2, 3},
                "5a"
                "0000000178"
                "00000001"
                "00000002"
                "00000003");
    check_codec(msg::ChannelOpenConfirmation{ChannelId{1}, ChannelId{2}, 3, 4},
                "5b00000001000000020000000300000004");
    check_codec(msg::ChannelOpenFailure{ChannelId{1}, 2, "no", "en"},
                "5c"
                "00000001"
                "00000002"
                "000000026e6f"
                "00000002656e");
}

TEST_CASE("the fields of a TCP channel (RFC 4254 7.2)") {
    ByteVector written;
    encode_fields(msg::TcpipChannel{"h", 110, "o", 65'535}, written);
    CHECK(test::hex(written) ==
          "0000000168"
          "0000006e"
          "000000016f"
          "0000ffff");
    Reader in{written};
    const auto read = decode_fields<msg::TcpipChannel>(in);
    CHECK(read.host == "h");
    CHECK(read.port == 110);
    CHECK(read.originator_host == "o");
    CHECK(read.originator_port == 65'535);
    in.expect_end();
}

TEST_CASE("the stream (RFC 4254 5.2 and 5.3)") {
    const ByteVector data = unhex("abcdef");
    check_codec(msg::ChannelWindowAdjust{ChannelId{1}, 2}, "5d0000000100000002");
    check_codec(msg::ChannelData{ChannelId{1}, data}, "5e0000000100000003abcdef");
    check_codec(msg::ChannelExtendedData{ChannelId{1}, 1, data},
                "5f000000010000000100000003abcdef");
    check_codec(msg::ChannelEof{ChannelId{1}}, "6000000001");
    check_codec(msg::ChannelClose{ChannelId{1}}, "6100000001");

    // The slot for data is filled in behind a header of this size.
    CHECK(encoded(msg::ChannelData{ChannelId{1}, data}).size() ==
          msg::ChannelData::header_size + data.size());
}

TEST_CASE("channel requests (RFC 4254 5.4)") {
    check_codec(msg::ChannelRequest{ChannelId{1}, "r", false}, "6200000001000000017200");
    check_codec(msg::ChannelSuccess{ChannelId{1}}, "6300000001");
    check_codec(msg::ChannelFailure{ChannelId{1}}, "6400000001");
}
