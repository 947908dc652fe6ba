#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "common/keys/public_key.hpp"
#include "common/wire/reader.hpp"

namespace culvert {

/// The algorithm that `key` signs with for a server that lists `server_sig_algs` (RFC 8308 3.1).
/// The list chooses the hash of an RSA key: SHA-512, or else SHA-256 (RFC 8332); nothing if it has
/// neither. An empty list is that of a server without one: SHA-512. Keys of other types have one
/// algorithm, and use it whatever the list says: OpenSSH 7.2 to 7.4 lists the RSA ones alone. A
/// server that lists the plain algorithm takes it from a certificate, too.
std::optional<std::string> signature_algorithm(const PublicKey& key,
                                               const NameList& server_sig_algs);

/// The server's list makes a difference to this key.
bool depends_on_server_sig_algs(const PublicKey& key);

/// The name inside of a signature of this algorithm: a certificate's key signs as the plain one
/// (OpenSSH's PROTOCOL.certkeys).
std::string plain_algorithm(std::string_view algorithm);

}  // namespace culvert
