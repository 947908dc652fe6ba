#include "client/engine_config.hpp"

#include <chrono>
#include <functional>

#include <doctest/doctest.h>

#include "common/engine/default_ciphers.hpp"
#include "common/keys/private_key.hpp"
#include "tests/unit/client/command_line.hpp"
#include "tests/unit/common/crypto/test_random.hpp"

using namespace culvert;
using namespace culvert::test;
using namespace std::chrono_literals;

namespace {

EngineConfig engine_of(const TunnelSettings& settings) {
    return make_engine_config(settings, {}, nullptr);
}

}  // namespace

TEST_CASE("what nobody chose is the engine's default (docs/contract.md, RFC 4253 9)") {
    const EngineConfig made = engine_of(tunnel({"gw", "1:h:2"}));
    CHECK(made.transport.role == Role::client);
    CHECK(!made.transport.host_key);
    CHECK(made.transport.algorithms.kex == Algorithms{}.kex);
    CHECK(made.transport.algorithms.host_key == NameList{"ssh-ed25519"});
    CHECK(made.transport.algorithms.ciphers == default_ciphers());
    CHECK(made.transport.algorithms.compression ==
          NameList{"none", "zstd@culvert.internal", "zlib@openssh.com"});
    CHECK(made.transport.extensions.ping);
    CHECK(made.transport.extensions.reset);
    CHECK(made.transport.rekey.bytes == std::uint64_t{1} << 30);
    CHECK(made.transport.rekey.time == 1h);
    CHECK(made.connection.accepts.none());
    CHECK(made.keepalive.interval == 15s);
    CHECK(made.keepalive.misses == 3);
    CHECK(made.login.grace == 30s);
    CHECK(made.connection.open_time_limit == ConnectionConfig{}.open_time_limit);
}

TEST_CASE("how long the server may take to reach a target reaches the engine") {
    TunnelSettings settings = tunnel({"gw", "1:h:2"});
    settings.channel_open = 4s;
    CHECK(engine_of(settings).connection.open_time_limit == 4s);
}

TEST_CASE("every option about the connection reaches the engine") {
    struct Row {
        Words words;
        std::function<bool(const EngineConfig&)> arrived;
    };
    for (const Row& row : {
             Row{{"-c", "chacha20-poly1305@openssh.com"},
                 [](const EngineConfig& made) {
                     return made.transport.algorithms.ciphers ==
                            NameList{"chacha20-poly1305@openssh.com"};
                 }},
             Row{{"-C"},
                 [](const EngineConfig& made) {
                     return made.transport.algorithms.compression ==
                            NameList{"zstd@culvert.internal", "zlib@openssh.com", "none"};
                 }},
             Row{{"-o", "KexAlgorithms=curve25519-sha256@libssh.org"},
                 [](const EngineConfig& made) {
                     return made.transport.algorithms.kex ==
                            NameList{"curve25519-sha256@libssh.org"};
                 }},
             Row{{"-o", "RequirePostQuantum=yes"},
                 [](const EngineConfig& made) {
                     return made.transport.algorithms.kex ==
                            NameList{"mlkem768x25519-sha256", "sntrup761x25519-sha512",
                                     "sntrup761x25519-sha512@openssh.com"};
                 }},
             Row{{"-o", "RekeyLimit=4M"},
                 [](const EngineConfig& made) {
                     return made.transport.rekey.bytes == 4 * 1024 * 1024 &&
                            made.transport.rekey.time == 1h;
                 }},
             Row{{"-o", "RekeyLimit=default 5m"},
                 [](const EngineConfig& made) { return made.transport.rekey.time == 5min; }},
             Row{{"-o", "RekeyLimit=default 0"},
                 [](const EngineConfig& made) { return made.transport.rekey.time == 0s; }},
             Row{{"-o", "ServerAliveInterval=7"},
                 [](const EngineConfig& made) { return made.keepalive.interval == 7s; }},
             Row{{"-o", "ServerAliveInterval=0"},
                 [](const EngineConfig& made) { return made.keepalive.interval == 0s; }},
             Row{{"-o", "ServerAliveCountMax=9"},
                 [](const EngineConfig& made) { return made.keepalive.misses == 9; }},
             Row{{"-o", "ConnectTimeout=5"},
                 [](const EngineConfig& made) { return made.login.grace == 5s; }},
         }) {
        CAPTURE(row.words.back());
        Words words = row.words;
        words.insert(words.end(), {"gw", "1:h:2"});
        CHECK(row.arrived(engine_of(tunnel(words))));
        CHECK(!row.arrived(engine_of(tunnel({"gw", "1:h:2"}))));
    }
}

TEST_CASE("the identities are those that were given, in their order") {
    SeededRandom random{1};
    const PublicKey first = PrivateKey::generate(random, "").public_key();
    const PublicKey second = PrivateKey::generate(random, "").public_key();
    const EngineConfig made =
        make_engine_config(tunnel({"gw", "1:h:2"}),
                           {.user = "alice", .keys = {first, second}, .optimistic = 1}, nullptr);
    CHECK(made.identities.user == "alice");
    CHECK(made.identities.keys == std::vector{first, second});
    CHECK(made.identities.optimistic == 1);
}
