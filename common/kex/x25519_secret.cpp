#include "common/kex/x25519_secret.hpp"

#include <algorithm>

#include "common/kex/kex_failed.hpp"

namespace culvert {

SharedSecret x25519_secret_with(Bytes peer, const X25519KeyPair& ours) {
    X25519PublicKey key;
    if (peer.size() != key.size()) throw kex_failed("the peer's X25519 key isn't 32 bytes long");
    std::ranges::copy(peer, key.begin());
    auto shared = ours.shared_secret(key);
    if (!shared) throw kex_failed("the peer's X25519 key gives an all-zero secret");
    return std::move(*shared);
}

}  // namespace culvert
