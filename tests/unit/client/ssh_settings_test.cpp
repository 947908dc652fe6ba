#include "client/ssh_settings.hpp"

#include <doctest/doctest.h>

#include "tests/unit/client/command_line.hpp"

using namespace culvert;
using namespace culvert::test;

TEST_CASE("-G shows what holds, in ssh -G's form") {
    CHECK(std::get<TunnelCommand>(parse({"-G", "gw", "1:h:2"}).command).only_shown);
    const std::string shown = as_ssh_settings(
        tunnel({"-6C", "-c", "chacha20-poly1305@openssh.com", "-o", "RekeyLimit=1M none", "-i",
                "/a", "-i", "/b", "bob@gw:2222", "1:h:2", "[::1]:3:[::2]:4", "*:5:h:6"}));
    for (const std::string line :
         {"user bob", "hostname gw", "port 2222", "addressfamily inet6", "compression yes",
          "ciphers chacha20-poly1305@openssh.com", "rekeylimit 1048576 0", "identityfile /a",
          "identityfile /b", "localforward 1 [h]:2", "localforward [::1]:3 [::2]:4",
          "localforward [*]:5 [h]:6", "serveraliveinterval 15", "stricthostkeychecking ask"}) {
        CAPTURE(line);
        CHECK(contains("\n" + shown, "\n" + line + "\n"));
    }
    CHECK(!contains(shown, "bindaddress"));
}
