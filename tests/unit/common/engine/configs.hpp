#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "common/engine/default_ciphers.hpp"
#include "common/engine/engine.hpp"
#include "tests/unit/common/crypto/test_random.hpp"
#include "tests/unit/common/transport/sign_as_host.hpp"

namespace culvert::test {

/// What a test chooses about a connection; the rest is as in the programs.
struct Choice {
    std::string_view cipher = chacha20_poly1305;
    std::string_view compression = no_compression;
};

/// Every cipher that this machine has, and every compression.
inline std::vector<Choice> all_choices() {
    std::vector<Choice> choices;
    for (const std::string_view cipher : {aes256_gcm, chacha20_poly1305}) {
        if (std::ranges::count(default_ciphers(), cipher) == 0) continue;
        for (const std::string_view compression : {no_compression, delayed_zlib}) {
            choices.push_back({cipher, compression});
        }
    }
    choices.push_back({.compression = delayed_zstd});
    return choices;
}

/// The same key for the same number in every run.
inline std::shared_ptr<const PrivateKey> make_key(std::uint32_t number) {
    SeededRandom random{number};
    return std::make_shared<PrivateKey>(PrivateKey::generate(random, "test"));
}
inline const std::shared_ptr<const PrivateKey>& host_key() {
    static const auto key = make_key(1);
    return key;
}
inline const std::shared_ptr<const PrivateKey>& user_key() {
    static const auto key = make_key(2);
    return key;
}
/// Keys that no server here takes.
inline const std::shared_ptr<const PrivateKey>& stranger_key() {
    static const auto key = make_key(3);
    return key;
}

inline Algorithms algorithms_of(const Choice& choice) {
    Algorithms algorithms;
    algorithms.ciphers = {std::string{choice.cipher}};
    algorithms.compression = {std::string{choice.compression}};
    algorithms.kex = {
        "curve25519-sha256"};  // the quickest, for tests that make it a thousand times
    return algorithms;
}

inline EngineConfig client_config(const Choice& choice = {}) {
    EngineConfig config;
    config.transport.role = Role::client;
    config.transport.algorithms = algorithms_of(choice);
    config.transport.extensions = {.server_sig_algs = {}, .ping = false, .reset = true};
    config.measures_round_trip = false;
    config.identities = {.user = "alice", .keys = {user_key()->public_key()}, .optimistic = {}};
    return config;
}

inline EngineConfig server_config(const Choice& choice = {}) {
    EngineConfig config;
    config.transport.role = Role::server;
    config.transport.algorithms = algorithms_of(choice);
    config.transport.host_key = host_key()->public_key();
    config.transport.extensions = {
        .server_sig_algs = {std::string{ssh_ed25519}}, .ping = true, .reset = true};
    config.measures_round_trip = false;
    config.connection.accepts.set(place_of<DirectTcpip>);
    return config;
}

/// Where fake time begins.
inline constexpr TimePoint start_time{std::chrono::hours{1000}};

}  // namespace culvert::test
