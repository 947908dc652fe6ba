#include "client/destination.hpp"

#include <string>

#include <doctest/doctest.h>

#include "common/base/error.hpp"

using namespace culvert;

TEST_CASE("destinations as ssh takes them, and with a port") {
    struct Row {
        std::string text;
        Destination destination;
    };
    for (const Row& row : {
             Row{"gw", {"", "gw", {}}},
             Row{"alice@gw", {"alice", "gw", {}}},
             Row{"alice@gw:2222", {"alice", "gw", 2222}},
             Row{"gw:ssh", {"", "gw", 22}},
             Row{"alice@corp@gw", {"alice@corp", "gw", {}}},
             Row{"10.0.0.1:22", {"", "10.0.0.1", 22}},
             Row{"::1", {"", "::1", {}}},
             Row{"alice@2001:db8::1", {"alice", "2001:db8::1", {}}},
             Row{"alice@[2001:db8::1]:2222", {"alice", "2001:db8::1", 2222}},
             Row{"[::1]", {"", "::1", {}}},
             Row{"fe80::1%eth0", {"", "fe80::1%eth0", {}}},
             Row{"ssh://gw", {"", "gw", {}}},
             Row{"ssh://alice@gw:2222", {"alice", "gw", 2222}},
             Row{"ssh://alice@gw:2222/", {"alice", "gw", 2222}},
             Row{"ssh://[::1]:2222", {"", "::1", 2222}},
             Row{"ssh://[fe80::1%25lo]", {"", "fe80::1%lo", {}}},
             Row{"ssh://first%20last@gw", {"first last", "gw", {}}},
             Row{"ssh://first+last@gw", {"first last", "gw", {}}},
             Row{"first last@gw", {"first last", "gw", {}}},
             Row{"CORP\\alice@gw", {"CORP\\alice", "gw", {}}},
             Row{"ssh://%c3%bcn%c3%af@gw", {"\u00fcn\u00ef", "gw", {}}},
             Row{"127.1", {"", "127.1", {}}},
             Row{"b\u00fccher.example:22", {"", "b\u00fccher.example", 22}},
             Row{"ssh://alice%40corp@gw", {"alice@corp", "gw", {}}},
             Row{"ssh://a%2Fb%2fc@gw", {"a/b/c", "gw", {}}},
             Row{"ssh://u%25@gw", {"u%", "gw", {}}},
             Row{"ssh://u%2540@gw", {"u%40", "gw", {}}},
             Row{"ssh://alice;fingerprint=ssh-ed25519-x@gw:22", {"alice", "gw", 22}},
             Row{"ssh://alice%3Bx;y@gw", {"alice;x", "gw", {}}},
             Row{"alice%40corp@gw", {"alice%40corp", "gw", {}}},
             Row{"alice;x@gw", {"alice;x", "gw", {}}},
         }) {
        CAPTURE(row.text);
        CHECK(parse_destination(row.text) == row.destination);
    }
}

TEST_CASE("destinations that can't be meant, or do harm somewhere (attacks 24)") {
    for (const std::string text : {
             "",
             "@gw",
             "alice@",
             "-oProxyCommand=x",
             "alice@-gw",
             "-alice@gw",
             "a\tb@gw",
             "gw ",
             "fe80::77",
             "[fe80::77]:22",
             "b\xfc"
             "cher",
             "alice@g w",
             "alice\n@gw",
             "alice@gw\r",
             "alice@gw\x7f",
             "\tgw",
             "gw:",
             "gw:0",
             "gw:65536",
             "gw:-1",
             "gw:22:22",
             "[::1",
             "[::1]22",
             "[gw]:22",
             "http://gw",
             "ssh://gw/path",
             "ssh://",
             "ssh://a%0ab@gw",
             "ssh://a%00b@gw",
             "ssh://a%7Fb@gw",
             "ssh://a%2@gw",
             "ssh://a%@gw",
             "ssh://a%zz@gw",
             "ssh://a%+1@gw",
             "ssh://%2dx@gw",
             "ssh://@gw",
             "ssh://;x@gw",
             "ssh://a@b@gw",
             "ssh://gw%2ecom",
         }) {
        CAPTURE(text);
        CHECK_THROWS_AS(parse_destination(text), Error);
    }
    CHECK_THROWS_AS(require_user_name(std::string_view{"a\0b", 3}), Error);
    CHECK_THROWS_AS(require_host_name(std::string(256, 'h')), Error);
}

TEST_CASE("a host is canonical before it is looked up") {
    CHECK(server_host("127.1") == "127.0.0.1");
    CHECK(server_host("::0001") == "::1");
    CHECK(server_host("GW.Example") == "gw.example");
    CHECK(server_host("B\u00fccher.example") == "xn--bcher-kva.example");
    CHECK(server_host("\uff11\uff12\uff17.1") == "127.0.0.1");
    CHECK_THROWS_WITH_AS(server_host("fe80::77"), doctest::Contains("needs its interface"), Error);
    CHECK_THROWS_WITH_AS(server_host("gw "), doctest::Contains("begins or ends with a blank"),
                         Error);
}

TEST_CASE("a user on the command line has no characters of the shell (as in OpenSSH 9.6)") {
    for (const std::string user :
         {"first last", "CORP\\alice", "a@b", "a$b", "a+b", "\u00fcn\u00ef"}) {
        CAPTURE(user);
        require_command_line_user(user);
    }
    for (const std::string user : {"", "-x", "a\nb", "a\x1b", "o'b", "a;b", "a|b", "`a`", "$(a)",
                                   "a -b", "a\\", "a\"b", "{a}"}) {
        CAPTURE(user);
        CHECK_THROWS_AS(require_command_line_user(user), Error);
    }
    require_user_name("o'brien");  // in a file
}
