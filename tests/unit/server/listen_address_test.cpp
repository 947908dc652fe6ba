#include "server/listen_address.hpp"

#include <string>

#include <doctest/doctest.h>

#include "common/base/error.hpp"

using namespace culvert;

TEST_CASE("where to listen") {
    struct Row {
        std::string text;
        Endpoint address;
    };
    for (const Row& row : {
             Row{"127.0.0.1:22", {"127.0.0.1", 22}},
             Row{"localhost:ssh", {"localhost", 22}},
             Row{"*:0", {"*", 0}},
             Row{"22", {"*", 22}},
             Row{"[::1]:22", {"::1", 22}},
             Row{"[fe80::1%eth0]:22", {"fe80::1%eth0", 22}},
             Row{"[::]", {"::", 7}},
             Row{"10.0.0.1", {"10.0.0.1", 7}},
             Row{"*", {"*", 7}},
         }) {
        CAPTURE(row.text);
        CHECK(parse_listen_address(row.text, 7) == row.address);
    }
    CHECK(parse_listen_address("*").port == 2222);
}

TEST_CASE("where nobody can listen") {
    for (const std::string text :
         {"", ":22", "gw:", "gw:x", "gw:65536", "65536", "::1:22", "a:b:c", "[gw]:22", "[::1",
          "[::1]22", "-x:22", "a b:22", "/run/x:22", "22:22", "[fe80::77]:22", "[fe80::77%]:22"}) {
        CAPTURE(text);
        CHECK_THROWS_AS(parse_listen_address(text), Error);
    }
}
