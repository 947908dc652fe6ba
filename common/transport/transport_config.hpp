#pragma once

#include <optional>

#include "common/keys/public_key.hpp"
#include "common/transport/ext_info.hpp"
#include "common/transport/proposal.hpp"
#include "common/transport/rekey_policy.hpp"
#include "common/wire/role.hpp"

namespace culvert {

struct TransportConfig {
    Role role = Role::client;
    Algorithms algorithms;
    std::optional<PublicKey> host_key;  ///< the server's; empty for a client
    Extensions extensions;              ///< what we announce
    RekeyLimits rekey;
    /// Refuse a peer without strict KEX (OpenSSH PROTOCOL 1.9) whatever the cipher.
    bool require_strict_kex = false;
};

}  // namespace culvert
