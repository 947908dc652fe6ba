#pragma once

#include <memory>

#include "common/kex/kex_method.hpp"

namespace culvert {

// A post-quantum key encapsulation and X25519 together: the secret holds as long as one of the two
// does. A client's message carries its KEM public key, a server's the ciphertext, each with an
// X25519 public key behind it. K is HASH(secret of the KEM || secret of X25519), as a string.

/// mlkem768x25519-sha256 (draft-ietf-sshm-mlkem-hybrid-kex-10): 1216 bytes there, 1120 back.
std::unique_ptr<KexMethod> make_mlkem768_x25519(Random& random);

/// sntrup761x25519-sha512, with or without @openssh.com (RFC 9941): 1190 bytes there, 1071 back.
std::unique_ptr<KexMethod> make_sntrup761_x25519(Random& random);

}  // namespace culvert
