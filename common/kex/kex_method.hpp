#pragma once

#include <memory>
#include <string_view>

#include "common/crypto/random.hpp"
#include "common/kex/digest.hpp"
#include "common/kex/kex_secret.hpp"
#include "common/wire/reader.hpp"

namespace culvert {

/// One side of one key exchange by a negotiated method: what its two messages carry, and the secret
/// that comes of them. Made anew for each exchange, so that no key pair is used twice.
class KexMethod {
public:
    virtual ~KexMethod() = default;

    virtual HashAlgorithm hash() const noexcept = 0;

    // ---- a client's
    /// What SSH_MSG_KEX_ECDH_INIT (30) carries. The same each time. To be called before the reply
    /// comes.
    virtual Bytes client_init() = 0;
    /// Throws ProtocolError{key_exchange_failed} for a reply that isn't one.
    virtual KexSecret on_server_reply(Bytes reply) = 0;

    // ---- a server's
    struct Answer {
        ByteVector reply;  ///< what SSH_MSG_KEX_ECDH_REPLY (31) carries
        KexSecret secret;
    };
    /// Throws ProtocolError{key_exchange_failed} for what isn't one.
    virtual Answer on_client_init(Bytes init) = 0;
};

/// Those that we can do, in our order of preference.
NameList kex_methods();

/// Whether the method's keys can't be found by a quantum computer from what was recorded.
bool is_post_quantum(std::string_view name);

/// Null for a name that isn't among kex_methods().
std::unique_ptr<KexMethod> make_kex_method(std::string_view name, Random& random);

}  // namespace culvert
