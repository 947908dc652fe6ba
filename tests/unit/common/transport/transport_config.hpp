#pragma once

#include <memory>

#include "common/transport/transport.hpp"
#include "tests/unit/common/crypto/test_random.hpp"
#include "tests/unit/common/transport/packet_ciphers.hpp"
#include "tests/unit/common/transport/sign_as_host.hpp"

namespace culvert::test {

inline const std::shared_ptr<const PrivateKey>& host_key() {
    static const auto key = [] {
        SeededRandom random{1234};
        return std::make_shared<const PrivateKey>(PrivateKey::generate(random, "host"));
    }();
    return key;
}

/// What offers one cipher, and compression or not.
inline Algorithms offering(std::string_view cipher, std::string_view compression = no_compression) {
    Algorithms algorithms;
    algorithms.ciphers = {std::string{cipher}};
    algorithms.compression = {std::string{compression}};
    return algorithms;
}

inline TransportConfig transport_config(Role role,
                                        Algorithms algorithms = offering(chacha20_poly1305)) {
    TransportConfig config;
    config.role = role;
    config.algorithms = std::move(algorithms);
    if (role == Role::server) config.host_key = host_key()->public_key();
    config.extensions.ping = config.extensions.reset = true;
    if (role == Role::server) config.extensions.server_sig_algs = {"ssh-ed25519"};
    return config;
}

}  // namespace culvert::test
