#include "common/kex/curve25519.hpp"

#include "common/kex/x25519_secret.hpp"

namespace culvert {

KexSecret Curve25519::on_server_reply(Bytes reply) {
    return KexSecret::mpint_of(x25519_secret_with(reply, key_pair_).reveal());
}

KexMethod::Answer Curve25519::on_client_init(Bytes init) {
    const X25519PublicKey& ours = key_pair_.public_key();
    return {ByteVector{ours.begin(), ours.end()}, on_server_reply(init)};
}

}  // namespace culvert
