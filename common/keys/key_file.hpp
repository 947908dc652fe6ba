#pragma once

#include <optional>
#include <string>

#include "common/base/error.hpp"
#include "common/base/unique_fd.hpp"
#include "common/crypto/random.hpp"
#include "common/keys/private_key.hpp"

namespace culvert {

/// Reads a host's OpenSSH private key file (parse_private_key says which); `name` is for errors.
/// Throws Error{config} when it can't be read, is larger than 64 KiB, or is one that this user owns
/// and others may read or write (which ssh refuses too).
PrivateKey load_private_key(const UniqueFd& file, const std::string& name);

/// An identity file, as -i names it. Where it holds no private key that culvert can use (it is
/// encrypted, of another type, or a public key), an agent may still sign with the key it is about.
struct IdentityFile {
    PublicKey key;
    std::optional<PrivateKey> secret;
    std::optional<Error> why_no_secret;
};

/// The key that stands in `file` or, if that doesn't tell, in `file`.pub. Throws Error{config}
/// that names the file where neither tells, and always for a private key that is open to others.
/// The hint for a public key or a certificate names the private key that belongs to it: by the
/// names that ssh-keygen gives where that file is there, else by its fingerprint.
IdentityFile load_identity(const std::string& file);

enum class ExistingKey { keep, replace };

/// Writes `file` (mode 0600) and `file`.pub (0644), each whole or not at all and on disk when this
/// returns. Throws Error{config} when a file can't be written, or with `keep` when one of them is
/// there already, even if it turned up a moment ago; what was there before is there still.
void write_key_pair(const std::string& file, const PrivateKey& key, Random& random,
                    ExistingKey existing = ExistingKey::keep);

}  // namespace culvert
