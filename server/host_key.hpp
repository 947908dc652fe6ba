#pragma once

#include <span>
#include <string>

#include "common/base/trusted_file.hpp"
#include "common/crypto/random.hpp"
#include "common/keys/private_key.hpp"

namespace culvert {

/// Where a host key is kept, and who may own the file.
struct HostKeyFile {
    std::string path;
    TrustedOwners owners;
};

/// Of the configured host keys the one that clients are shown: the first. All we have are Ed25519
/// keys, and a server has one of each type; the log names those that are left out.
const std::string& shown_host_key(std::span<const std::string> paths);

/// The daemon's host key at its start. A file that doesn't exist is made, with the folders above it
/// (0700) and a new key in it, and its fingerprint logged. Throws Error{config}, also for a file
/// that is not to be trusted (trusted_file.hpp).
PrivateKey load_or_make_host_key(const HostKeyFile& file, Random& random);

/// The same without making anything: at a reload a file that is missing is an error.
PrivateKey load_host_key(const HostKeyFile& file);

/// For culvertd -t: says if the file would be made, and throws if it can't be.
void check_host_key(const HostKeyFile& file);

}  // namespace culvert
