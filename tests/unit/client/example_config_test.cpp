#include <filesystem>
#include <string>

#include <doctest/doctest.h>

#include "client/config.hpp"
#include "client/defaults.hpp"
#include "common/transport/proposal.hpp"
#include "common/transport/rekey_policy.hpp"
#include "tests/unit/common/config/example_config.hpp"
#include "tests/unit/common/config/made_up_environment.hpp"

using namespace culvert;

namespace {

const auto config_folder =
    std::filesystem::path{CULVERT_TEST_DATA}.parent_path() / "../../../config";

}  // namespace

TEST_CASE("config/culvert.yaml is valid, and names every key with its default") {
    const Environment environment = made_up_environment();
    const ExampleConfig example{config_folder / "culvert.yaml"};
    const ClientConfig as_it_is = parse_client_config(example.text, "culvert.yaml", environment);
    REQUIRE(as_it_is.tunnels.size() == 1);
    const ClientConfig all_on =
        parse_client_config(example.with_settings_on, "culvert.yaml", environment);
    REQUIRE(all_on.tunnels.size() == 1);

    // What the example says where it is switched on is what holds where it isn't.
    CHECK(all_on.threads == as_it_is.threads);
    CHECK(all_on.drain == as_it_is.drain);
    CHECK(all_on.ready_timeout == as_it_is.ready_timeout);
    CHECK(log_limits({}, all_on.log) == log_limits({}, as_it_is.log));
    CHECK(all_on.log.format == as_it_is.log.format);
    const TunnelSettings& on = all_on.tunnels[0];
    const TunnelSettings& off = as_it_is.tunnels[0];
    CHECK(on.identities == off.identities);
    CHECK(on.agent == off.agent);
    CHECK(on.identities_only == off.identities_only);
    CHECK(on.hash_known_hosts == off.hash_known_hosts);
    CHECK(on.family == off.family);
    CHECK(on.rekey_limit.bytes == RekeyLimits{}.bytes);
    CHECK(on.rekey_limit.after == RekeyLimits{}.time);
    CHECK(on.global_known_hosts == off.global_known_hosts);
    CHECK(on.batch_mode == off.batch_mode);
    CHECK(on.kex_algorithms == Algorithms{}.kex);
    CHECK(on.require_post_quantum == off.require_post_quantum);
    CHECK(on.channel_window == off.channel_window);
    CHECK(on.channel_open == off.channel_open);
    CHECK(on.tcp_keepalive == off.tcp_keepalive);
    CHECK(on.user_known_hosts == off.user_known_hosts);
    CHECK(on.strict_host_key_checking == off.strict_host_key_checking);
    CHECK(on.compression == off.compression);
    CHECK(on.required == off.required);
    CHECK(on.exit_on_forward_failure == off.exit_on_forward_failure);
    CHECK(on.connections == off.connections);
    CHECK(on.connect_timeout == off.connect_timeout);
    CHECK(on.keepalive_interval == off.keepalive_interval);
    CHECK(on.keepalive_misses == off.keepalive_misses);
    CHECK(on.while_down == off.while_down);
    CHECK(on.hold_for == off.hold_for);

    for (const std::string key : {"server",          "forwards",       "identity",
                                  "host_key",        "known_hosts",    "strict_host_key_checking",
                                  "compression",     "ciphers",        "exit_on_forward_failure",
                                  "connect_timeout", "keepalive",      "keepalive_misses",
                                  "while_down",      "hold_for",       "agent",
                                  "identities_only", "host_key_alias", "hash_known_hosts",
                                  "address_family",  "bind_address",   "rekey_limit",
                                  "tcp_keepalive",   "include",        "threads",
                                  "window_memory",   "channel_window", "connections",
                                  "drain",           "channel_open",   "global_known_hosts",
                                  "batch_mode",      "kex_algorithms", "require_post_quantum",
                                  "required",        "ready_timeout"}) {
        CAPTURE(key);
        CHECK(example.names(key));
    }
}
