#include "client/defaults.hpp"

#include <doctest/doctest.h>

#include "common/base/error.hpp"
#include "tests/unit/common/config/made_up_surroundings.hpp"

using namespace culvert;

TEST_CASE("without a home there are no files below it") {
    Environment homeless = made_up_surroundings();
    homeless.home.clear();
    const TunnelSettings settings = default_tunnel_settings(homeless);
    CHECK(settings.identities.empty());
    CHECK(settings.user_known_hosts.empty());
    CHECK(!settings.agent);
}

TEST_CASE("the agent's socket as IdentityAgent writes it (ssh_config(5))") {
    const auto surroundings =
        made_up_surroundings({{"SSH_AUTH_SOCK", "/a"}, {"OTHER", "/b"}, {"EMPTY", ""}});
    CHECK(!agent_socket("none", surroundings));
    CHECK(agent_socket("SSH_AUTH_SOCK", surroundings) == "/a");
    CHECK(agent_socket("$OTHER", surroundings) == "/b");
    CHECK(!agent_socket("$EMPTY", surroundings));
    CHECK(!agent_socket("$MISSING", surroundings));
    CHECK(agent_socket("~/x", surroundings) == "/home/alice/x");
    CHECK(agent_socket("${OTHER}/x", surroundings) == "/b/x");
    CHECK_THROWS_WITH_AS(agent_socket("$OTHER/x", surroundings), "$OTHER/x: $NAME must stand alone",
                         Error);
}
