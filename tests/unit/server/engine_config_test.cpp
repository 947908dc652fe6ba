#include "server/engine_config.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include <doctest/doctest.h>

#include "common/engine/default_ciphers.hpp"
#include "common/keys/private_key.hpp"
#include "tests/unit/common/config/made_up_environment.hpp"
#include "tests/unit/common/crypto/test_random.hpp"

using namespace culvert;
using namespace std::chrono_literals;

namespace {

PublicKey host_key() {
    test::SeededRandom random{1};
    return PrivateKey::generate(random, "").public_key();
}

EngineConfig engine_of(const std::string& yaml) {
    return make_engine_config(parse_server_config(yaml, "d.yaml", made_up_environment()),
                              host_key(), nullptr);
}

}  // namespace

TEST_CASE("what culvertd.yaml leaves out is the engine's default (docs/contract.md, RFC 4253 9)") {
    const EngineConfig made = make_engine_config(default_server_config(), host_key(), nullptr);
    CHECK(made.transport.role == Role::server);
    CHECK(made.transport.host_key == host_key());
    CHECK(made.transport.algorithms.kex == Algorithms{}.kex);
    CHECK(made.transport.algorithms.host_key == NameList{"ssh-ed25519"});
    CHECK(made.transport.algorithms.ciphers == default_ciphers());
    CHECK(made.transport.algorithms.compression ==
          NameList{"zstd@culvert.internal", "zlib@openssh.com", "none"});
    CHECK(made.transport.extensions.server_sig_algs == NameList{"ssh-ed25519"});
    CHECK(made.transport.extensions.ping);
    CHECK(made.transport.extensions.reset);
    CHECK(!made.transport.require_strict_kex);
    CHECK(made.transport.rekey.bytes == std::uint64_t{1} << 30);
    CHECK(made.transport.rekey.time == 1h);
    CHECK(made.connection.accepts == ChannelTypes{}.set(place_of<DirectTcpip>));
    CHECK(made.connection.channel_limit == 16'384);
    CHECK(made.keepalive.interval == 15s);
    CHECK(made.keepalive.misses == 3);
    CHECK(made.userauth.tries == 6);
    CHECK(made.userauth.requests == 64);
    CHECK(made.login.grace == 30s);
    CHECK(made.login.grace_with_key == 120s);
}

TEST_CASE("every key about a connection reaches its engine") {
    struct Row {
        std::string yaml;
        std::function<bool(const EngineConfig&)> arrived;
    };
    for (const Row& row : {
             Row{"ciphers: chacha20-poly1305@openssh.com",
                 [](const EngineConfig& made) {
                     return made.transport.algorithms.ciphers ==
                            NameList{"chacha20-poly1305@openssh.com"};
                 }},
             Row{"compression: none",
                 [](const EngineConfig& made) {
                     return made.transport.algorithms.compression == NameList{"none"};
                 }},
             Row{"kex_algorithms: [curve25519-sha256, mlkem768x25519-sha256]",
                 [](const EngineConfig& made) {
                     return made.transport.algorithms.kex ==
                            NameList{"curve25519-sha256", "mlkem768x25519-sha256"};
                 }},
             Row{"require_post_quantum: true",
                 [](const EngineConfig& made) {
                     return made.transport.algorithms.kex ==
                            NameList{"mlkem768x25519-sha256", "sntrup761x25519-sha512",
                                     "sntrup761x25519-sha512@openssh.com"};
                 }},
             Row{"require_strict_kex: true",
                 [](const EngineConfig& made) { return made.transport.require_strict_kex; }},
             Row{"rekey_limit: 4M",
                 [](const EngineConfig& made) {
                     return made.transport.rekey.bytes == 4 * 1024 * 1024;
                 }},
             Row{"rekey_limit: default 5m",
                 [](const EngineConfig& made) { return made.transport.rekey.time == 5min; }},
             Row{"rekey_limit: 1G none",
                 [](const EngineConfig& made) { return made.transport.rekey.time == 0s; }},
             Row{"limits: {login_grace: 5s}",
                 [](const EngineConfig& made) { return made.login.grace == 5s; }},
             Row{"limits: {login_grace_with_key: 50s}",
                 [](const EngineConfig& made) { return made.login.grace_with_key == 50s; }},
             Row{"limits: {auth_tries: 2}",
                 [](const EngineConfig& made) { return made.userauth.tries == 2; }},
             Row{"limits: {auth_tries: 100}",
                 [](const EngineConfig& made) {
                     return made.userauth.tries == 100 && made.userauth.requests == 201;
                 }},
             Row{"limits: {channels: 9}",
                 [](const EngineConfig& made) { return made.connection.channel_limit == 9; }},
             Row{"limits: {keepalive: 7s}",
                 [](const EngineConfig& made) { return made.keepalive.interval == 7s; }},
             Row{"limits: {keepalive: 0s}",
                 [](const EngineConfig& made) { return made.keepalive.interval == 0s; }},
             Row{"limits: {keepalive_misses: 9}",
                 [](const EngineConfig& made) { return made.keepalive.misses == 9; }},
         }) {
        CAPTURE(row.yaml);
        CHECK(row.arrived(engine_of(row.yaml)));
        CHECK(!row.arrived(engine_of("listen: 22")));
    }
}
