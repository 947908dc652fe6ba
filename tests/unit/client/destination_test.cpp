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
             "a b@gw",
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
             "ssh://a%20b@gw",
             "ssh://a+b@gw",
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
