#include "common/engine/peer_software.hpp"

#include <doctest/doctest.h>

using namespace culvert;

TEST_CASE("only servers that are known to decide before they read on are sent early channels") {
    CHECK(takes_early_channels("SSH-2.0-OpenSSH_9.2p1 Debian-2"));
    CHECK(takes_early_channels("SSH-1.99-OpenSSH_3.0"));
    CHECK(takes_early_channels("SSH-2.0-dropbear_2022.83"));
    CHECK_FALSE(takes_early_channels("SSH-2.0-AsyncSSH_2.10.1"));
    CHECK_FALSE(takes_early_channels("SSH-2.0-ssh2js1.17.0"));
    CHECK_FALSE(takes_early_channels("SSH-2.0-"));
    CHECK_FALSE(takes_early_channels("SSH-2.0-x OpenSSH_9.2"));
}

TEST_CASE("libssh servers see the first request after SERVICE_ACCEPT") {
    CHECK(first_request_to("SSH-2.0-libssh_0.10.6") == FirstRequest::after_service_accept);
    CHECK(first_request_to("SSH-2.0-OpenSSH_9.2p1") == FirstRequest::at_once);
}
