#include "common/wire/channel_types.hpp"

#include <doctest/doctest.h>

#include "common/wire/connection_messages.hpp"
#include "common/wire/forward_requests.hpp"
#include "tests/unit/common/wire/refusal.hpp"

using namespace culvert;

namespace {

ByteVector fields_of(const auto& what) {
    ByteVector fields;
    encode_fields(what, fields);
    return fields;
}

std::string text(const ByteVector& bytes) { return std::string{text_of(bytes)}; }

using namespace std::string_literals;

}  // namespace

TEST_CASE("channel types have the fields of RFC 4254 7.2 and of OpenSSH's PROTOCOL 2.4") {
    struct Row {
        ChannelType type;
        std::string_view name;
        std::string fields;
    };
    for (const Row& row : {
             Row{DirectTcpip{{"pop3", 110}, {"::1", 5}}, "direct-tcpip",
                 "\0\0\0\4pop3\0\0\0\x6e\0\0\0\3::1\0\0\0\5"s},
             Row{ForwardedTcpip{{"", 8080}, {"h", 65'535}}, "forwarded-tcpip",
                 "\0\0\0\0\0\0\x1f\x90\0\0\0\1h\0\0\xff\xff"s},
             Row{DirectStreamlocal{"/x"}, "direct-streamlocal@openssh.com",
                 "\0\0\0\2/x\0\0\0\0\0\0\0\0"s},
             Row{ForwardedStreamlocal{"/x"}, "forwarded-streamlocal@openssh.com",
                 "\0\0\0\2/x\0\0\0\0"s},
         }) {
        CAPTURE(row.name);
        CHECK(name_of(row.type) == row.name);
        CHECK(place_of_name(row.name) == row.type.index());
        const ByteVector fields = fields_of(row.type);
        CHECK(text(fields) == row.fields);
        Reader in{fields};
        CHECK(decode_channel_type(row.type.index(), in) == row.type);
        for (std::size_t length = 0; length < fields.size(); ++length) {
            Reader cut{Bytes{fields}.first(length)};
            CHECK_THROWS_AS(decode_channel_type(row.type.index(), cut), ProtocolError);
        }
        ByteVector longer = fields;
        longer.push_back(std::byte{0});
        Reader too_long{longer};
        CHECK_THROWS_AS(decode_channel_type(row.type.index(), too_long), ProtocolError);
    }
    CHECK_FALSE(place_of_name("session"));
    CHECK_FALSE(place_of_name(""));
}

TEST_CASE("ports that TCP has not read as 0, an originator's as the last") {
    ByteVector fields;
    encode_fields(msg::TcpipChannel{"h", 65'536, "o", 0xffff'ffff}, fields);
    Reader in{fields};
    CHECK(decode_channel_type(place_of<ForwardedTcpip>, in) ==
          ChannelType{ForwardedTcpip{{"h", 0}, {"o", 65'535}}});
}

TEST_CASE("requests for forwards have the fields of RFC 4254 7.1 and of OpenSSH's PROTOCOL 2.4") {
    struct Row {
        ForwardRequest request;
        std::string_view name;
        std::string fields;
    };
    for (const Row& row : {
             Row{TcpipForward{{"h", 0}}, "tcpip-forward", "\0\0\0\1h\0\0\0\0"s},
             Row{CancelTcpipForward{{"", 443}}, "cancel-tcpip-forward", "\0\0\0\0\0\0\1\xbb"s},
             Row{StreamlocalForward{"/x"}, "streamlocal-forward@openssh.com", "\0\0\0\2/x"s},
             Row{CancelStreamlocalForward{"/x"}, "cancel-streamlocal-forward@openssh.com",
                 "\0\0\0\2/x"s},
         }) {
        CAPTURE(row.name);
        CHECK(name_of(row.request) == row.name);
        const ByteVector fields = fields_of(row.request);
        CHECK(text(fields) == row.fields);
        Reader in{fields};
        CHECK(decode_forward_request(row.name, in) == row.request);
        for (std::size_t length = 0; length < fields.size(); ++length) {
            Reader cut{Bytes{fields}.first(length)};
            CHECK_THROWS_AS(decode_forward_request(row.name, cut), ProtocolError);
        }
    }
    Reader none{Bytes{}};
    CHECK_FALSE(decode_forward_request("keepalive@openssh.com", none));
    const ByteVector beyond = fields_of(ForwardRequest{TcpipForward{{"h", 1}}});
    ByteVector port = beyond;
    port[port.size() - 3] = std::byte{1};
    Reader in{port};
    CHECK_THROWS_AS(decode_forward_request("tcpip-forward", in), ProtocolError);
}
