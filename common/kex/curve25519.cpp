#include "common/kex/curve25519.hpp"

#include <algorithm>

#include "common/wire/protocol_error.hpp"

namespace culvert {
namespace {

ProtocolError failed(const std::string& text) {
    return ProtocolError{text, DisconnectReason::key_exchange_failed};
}

}  // namespace

KexSecret Curve25519::on_server_reply(Bytes reply) {
    X25519PublicKey peer;
    if (reply.size() != peer.size()) throw failed("the peer's X25519 key isn't 32 bytes long");
    std::ranges::copy(reply, peer.begin());
    const auto shared = key_pair_.shared_secret(peer);
    if (!shared) throw failed("the peer's X25519 key gives an all-zero secret");
    return KexSecret::mpint_of(shared->reveal());
}

KexMethod::Answer Curve25519::on_client_init(Bytes init) {
    const X25519PublicKey& ours = key_pair_.public_key();
    return {ByteVector{ours.begin(), ours.end()}, on_server_reply(init)};
}

}  // namespace culvert
