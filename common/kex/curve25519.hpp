#pragma once

#include "common/crypto/x25519.hpp"
#include "common/kex/kex_method.hpp"

namespace culvert {

/// curve25519-sha256, and its name of before RFC 8731: both messages carry an X25519 key.
class Curve25519 final : public KexMethod {
public:
    explicit Curve25519(Random& random) : key_pair_{random} {}

    HashAlgorithm hash() const noexcept override { return HashAlgorithm::sha256; }
    Bytes client_init() override { return key_pair_.public_key(); }
    KexSecret on_server_reply(Bytes reply) override;
    Answer on_client_init(Bytes init) override;

private:
    X25519KeyPair key_pair_;
};

}  // namespace culvert
