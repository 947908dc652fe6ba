#include "common/base/endpoint.hpp"

#include <doctest/doctest.h>

using namespace culvert;

TEST_CASE("an endpoint is shown with brackets around IPv6") {
    CHECK(to_string(Endpoint{"pop3.example.com", 110}) == "pop3.example.com:110");
    CHECK(to_string(Endpoint{"127.0.0.1", 65535}) == "127.0.0.1:65535");
    CHECK(to_string(Endpoint{"::1", 22}) == "[::1]:22");
    CHECK(to_string(Endpoint{"fe80::1%eth0", 0}) == "[fe80::1%eth0]:0");
}

TEST_CASE("a port is a number or a TCP name of the services database") {
    struct Row {
        std::string_view text;
        std::optional<std::uint16_t> port;
    };
    for (const Row& row : {
             Row{"0", 0},
             Row{"22", 22},
             Row{"65535", 65535},
             Row{"pop3", 110},
             Row{"ssh", 22},
             Row{"65536", {}},
             Row{"4294967318", {}},  // 2^32 + 22
             Row{"99999999999999999999", {}},
             Row{"-1", {}},
             Row{"+22", {}},
             Row{" 22", {}},
             Row{"22 ", {}},
             Row{"0x16", {}},
             Row{"22x", {}},
             Row{"", {}},
             Row{"no-such-service", {}},
         }) {
        CAPTURE(row.text);
        CHECK(parse_port(row.text) == row.port);
    }
}
