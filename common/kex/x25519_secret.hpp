#pragma once

#include "common/crypto/x25519.hpp"

namespace culvert {

/// What both sides get. Throws ProtocolError{key_exchange_failed} for a key of the peer's that
/// isn't 32 bytes long, or with which the secret is all zeros.
SharedSecret x25519_secret_with(Bytes peer, const X25519KeyPair& ours);

}  // namespace culvert
