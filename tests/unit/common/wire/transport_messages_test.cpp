#include "common/wire/transport_messages.hpp"

#include <doctest/doctest.h>

#include "tests/unit/common/wire/check_codec.hpp"

using namespace culvert;
using test::check_codec;
using test::unhex;

TEST_CASE("the messages of RFC 4253 that stand alone") {
    const ByteVector data = unhex("abcd");
    check_codec(msg::Disconnect{2, "bye", "en"},
                "01"
                "00000002"
                "00000003627965"
                "00000002656e");
    check_codec(msg::Ignore{data}, "0200000002abcd");
    check_codec(msg::Unimplemented{0x01020304}, "0301020304");
    check_codec(msg::Debug{true, "m", ""}, "0401000000016d00000000");
    check_codec(msg::ServiceRequest{"ssh-userauth"}, "050000000c7373682d7573657261757468");
    check_codec(msg::ServiceAccept{"ssh-userauth"}, "060000000c7373682d7573657261757468");
    check_codec(msg::NewKeys{}, "15");
}

TEST_CASE("KEXINIT (RFC 4253 7.1)") {
    msg::KexInit message;
    message.cookie.fill(std::byte{0xc0});
    message.kex_algorithms = {"k1", "k2"};
    message.host_key_algorithms = {"h"};
    message.ciphers_client_to_server = {"c"};
    message.ciphers_server_to_client = {"d"};
    message.macs_client_to_server = {"m"};
    message.macs_server_to_client = {"n"};
    message.compression_client_to_server = {"z"};
    message.compression_server_to_client = {"y"};
    message.languages_server_to_client = {"l"};
    message.first_kex_packet_follows = true;
    message.reserved = 9;
    check_codec(message,
                "14"
                "c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0"
                "000000056b312c6b32"
                "0000000168"
                "0000000163"
                "0000000164"
                "000000016d"
                "000000016e"
                "000000017a"
                "0000000179"
                "00000000"
                "000000016c"
                "01"
                "00000009");
}

TEST_CASE("the key exchange of RFC 8731") {
    const ByteVector key = unhex("aaaa");
    const ByteVector point = unhex("bb");
    const ByteVector signature = unhex("cccccc");
    check_codec(msg::KexEcdhInit{point}, "1e00000001bb");
    check_codec(msg::KexEcdhReply{key, point, signature}, "1f00000002aaaa00000001bb00000003cccccc");
}

TEST_CASE("EXT_INFO's head (RFC 8308 2.3)") { check_codec(msg::ExtInfo{3}, "0700000003"); }

TEST_CASE("ping@openssh.com (OpenSSH PROTOCOL 1.8)") {
    const ByteVector data = unhex("0102");
    check_codec(msg::Ping{data}, "c0000000020102");
    check_codec(msg::Pong{data}, "c1000000020102");
}
