#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "common/keys/public_key.hpp"
#include "common/wire/reader.hpp"

namespace culvert {

/// The algorithm that `key` signs with for a server that takes those of `server_sig_algs`
/// (RFC 8308 3.1); nothing if it takes none. Of a server that doesn't list them anything is
/// expected. An RSA key signs with SHA-512, or else SHA-256 (RFC 8332); a certificate's name stands
/// for itself, and a server that lists the plain algorithm takes it too, as OpenSSH's does.
std::optional<std::string> signature_algorithm(const PublicKey& key,
                                               const NameList& server_sig_algs);

/// The name inside of a signature of this algorithm: a certificate's key signs as the plain one
/// (OpenSSH's PROTOCOL.certkeys).
std::string plain_algorithm(std::string_view algorithm);

}  // namespace culvert
