#pragma once

#include <string>

#include "common/keys/public_key.hpp"

namespace culvert {

/// `SHA256:` and the blob's SHA-256 in base64 without padding, as `ssh-keygen -l` prints it.
std::string fingerprint(Bytes key_blob);
inline std::string fingerprint(const PublicKey& key) { return fingerprint(key.blob()); }

}  // namespace culvert
