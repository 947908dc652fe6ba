#include "client/check.hpp"

#include <doctest/doctest.h>

#include "client/config.hpp"
#include "tests/unit/common/config/made_up_environment.hpp"

using namespace culvert;

TEST_CASE("check prints a tunnel, then its forwards as ready lines (docs/contract.md)") {
    CHECK(
        describe(parse_client_config("tunnels:\n"
                                     "  mail:\n"
                                     "    server: bob@gw:2222\n"
                                     "    forwards:\n"
                                     "      - {local: 127.0.0.1:12345, to: pop3.example.com:pop3}\n"
                                     "      - {local: 1, to: '[::1]:2'}\n",
                                     "c.yaml", made_up_environment())
                     .tunnels) ==
        "mail: bob@gw:2222\n"
        "forwarding 127.0.0.1:12345 -> pop3.example.com:110\n"
        "forwarding localhost:1 -> [::1]:2\n");
}
