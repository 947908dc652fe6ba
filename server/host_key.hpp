#pragma once

#include <span>
#include <string>

#include "common/crypto/random.hpp"
#include "common/keys/private_key.hpp"

namespace culvert {

/// Of the configured host keys the one that clients are shown: the first. All we have are Ed25519
/// keys, and a server has one of each type; the log names those that are left out.
const std::string& shown_host_key(std::span<const std::string> paths);

/// The daemon's host key. A file that doesn't exist is made, with a new key in it, and its
/// fingerprint logged. Throws Error{config}.
PrivateKey load_or_make_host_key(const std::string& path, Random& random);

/// The same without making one: says that it would be made. For culvertd -t.
void check_host_key(const std::string& path);

}  // namespace culvert
