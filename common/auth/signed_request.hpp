#pragma once

#include <string_view>

#include "common/base/bytes.hpp"
#include "common/keys/public_key.hpp"

namespace culvert {

/// The services of RFC 4253 10 that we know.
inline constexpr std::string_view ssh_userauth = "ssh-userauth";
inline constexpr std::string_view ssh_connection = "ssh-connection";

/// What follows a USERAUTH_REQUEST's head for the method publickey (RFC 4252 7).
struct PublicKeyMethod {
    bool has_signature{};
    std::string_view algorithm;
    Bytes key;

    static void fields(auto& m, auto&& each) { each(m.has_signature, m.algorithm, m.key); }
};

/// A public key query: a USERAUTH_REQUEST without a signature (RFC 4252 7).
ByteVector public_key_query(std::string_view user, std::string_view algorithm,
                            const PublicKey& key);

/// The same request as it is signed and sent with the signature after it.
ByteVector public_key_request(std::string_view user, std::string_view algorithm,
                              const PublicKey& key);

/// What the signature of such a request covers: the session id, so that it is worth nothing in
/// another connection, and the request up to the signature (RFC 4252 7).
ByteVector signed_data(Bytes session_id, Bytes request);

}  // namespace culvert
