#include <filesystem>
#include <string>

#include <doctest/doctest.h>

#include "common/transport/proposal.hpp"
#include "common/transport/rekey_policy.hpp"
#include "server/config.hpp"
#include "tests/unit/common/config/example_config.hpp"
#include "tests/unit/common/config/made_up_environment.hpp"

using namespace culvert;

TEST_CASE("config/culvertd.yaml is valid, and names every key with its default") {
    Environment root = made_up_environment();
    root.root = true;
    const ExampleConfig example{std::filesystem::path{CULVERT_TEST_DATA}.parent_path() /
                                "../../../config/culvertd.yaml"};
    const ServerConfig off = parse_server_config(example.text, "culvertd.yaml", root);
    const ServerConfig on = parse_server_config(example.with_settings_on, "culvertd.yaml", root);

    // What the example says where it is switched on is what holds where it isn't.
    CHECK(on.listen == off.listen);
    CHECK(on.host_keys == off.host_keys);
    CHECK(on.compression == off.compression);
    CHECK(on.kex_algorithms == Algorithms{}.kex);
    CHECK(on.require_strict_kex == off.require_strict_kex);
    CHECK(on.require_post_quantum == off.require_post_quantum);
    CHECK(on.rekey_limit.bytes == RekeyLimits{}.bytes);
    CHECK(on.rekey_limit.after == RekeyLimits{}.time);
    CHECK(on.threads == off.threads);
    ServerLimits limits = on.limits;
    CHECK(limits.window_memory == std::uint64_t{1} << 30);  // at most; it depends on the machine
    limits.window_memory.reset();
    CHECK(limits == off.limits);
    CHECK(log_limits({}, on.log) == log_limits({}, off.log));
    CHECK(on.log.format == off.log.format);
    CHECK(on.users.at("alice").permit_open.size() == 2);

    for (const std::string key : {"listen",
                                  "host_keys",
                                  "ciphers",
                                  "compression",
                                  "kex_algorithms",
                                  "require_strict_kex",
                                  "require_post_quantum",
                                  "rekey_limit",
                                  "threads",
                                  "users",
                                  "authorized_keys",
                                  "authorized_keys_files",
                                  "permit_open",
                                  "limits",
                                  "login_grace",
                                  "login_grace_with_key",
                                  "auth_tries",
                                  "channels",
                                  "channel_open",
                                  "keepalive",
                                  "keepalive_misses",
                                  "max_startups",
                                  "unauthenticated_per_source",
                                  "drain",
                                  "log",
                                  "level",
                                  "logins",
                                  "connections",
                                  "forwards",
                                  "probes",
                                  "format",
                                  "file"}) {
        CAPTURE(key);
        CHECK(example.names(key));
    }
}
