#include "client/defaults.hpp"

#include <doctest/doctest.h>

#include "common/base/error.hpp"
#include "tests/unit/common/config/made_up_environment.hpp"

using namespace culvert;

TEST_CASE("without a home there are no files below it") {
    Environment homeless = made_up_environment();
    homeless.home.clear();
    const TunnelSettings settings = default_tunnel_settings(homeless);
    CHECK(settings.identities.empty());
    CHECK(settings.user_known_hosts.empty());
    CHECK(!settings.agent);
}

TEST_CASE("the agent's socket as IdentityAgent writes it (ssh_config(5))") {
    const auto environment =
        made_up_environment({{"SSH_AUTH_SOCK", "/a"}, {"OTHER", "/b"}, {"EMPTY", ""}});
    CHECK(!agent_socket("none", environment));
    CHECK(agent_socket("SSH_AUTH_SOCK", environment) == "/a");
    CHECK(agent_socket("$OTHER", environment) == "/b");
    CHECK(!agent_socket("$EMPTY", environment));
    CHECK(!agent_socket("$MISSING", environment));
    CHECK(agent_socket("~/x", environment) == "/home/alice/x");
    CHECK(agent_socket("${OTHER}/x", environment) == "/b/x");
    CHECK_THROWS_WITH_AS(agent_socket("$OTHER/x", environment), "$OTHER/x: $NAME must stand alone",
                         Error);
}
