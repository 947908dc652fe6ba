#pragma once

#include <string>

#include "common/forward/outbound.hpp"
#include "common/net/awaitable.hpp"
#include "common/wire/channel_types.hpp"
#include "server/users.hpp"

namespace culvert {

/// Who asks: a user who is logged in, and what the key that was proved permits.
struct Subject {
    const std::string& user;
    const KeyPermissions& permissions;
};

/// What a connection asks of the system beyond the bytes of sockets that it holds: key files,
/// names, targets. Nothing else of server/ opens, resolves or connects for a client, so that it can
/// be done in another process. To be asked on the connection's thread; arguments must outlive the
/// answer. Each function throws operation_aborted when cancelled.
class Broker {
public:
    virtual ~Broker() = default;

    /// Might this key let this user in?
    virtual awaitable<KeyLookup> look_up_key(KeyQuestion question) = 0;
    /// Policy, look-up, policy for each address, and a connection to one of the addresses that were
    /// checked.
    virtual awaitable<Reached> connect(const Subject& subject, const DirectTcpip& wanted) = 0;
};

}  // namespace culvert
