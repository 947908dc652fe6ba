#pragma once

#include <optional>
#include <string>
#include <variant>

#include "common/connection/open_failure.hpp"
#include "common/keys/public_key.hpp"
#include "common/net/awaitable.hpp"
#include "common/net/on_io_context.hpp"
#include "common/wire/channel_types.hpp"
#include "server/users.hpp"

namespace culvert {

/// Who asks: a user who is logged in, and what the key that was proved permits.
struct Subject {
    const std::string& user;
    const KeyPermissions& permissions;
};

/// Why a target wasn't reached.
struct Unreached {
    OpenFailure failure;                ///< as the client is told
    std::optional<std::string> denied;  ///< which rule, for the log: the client hears less
};

using Reached = std::variant<StreamSocket, Unreached>;

/// What a connection asks of the system beyond the bytes of sockets that it holds: the host key's
/// signature, key files, names, targets. Nothing else of server/ signs, opens, resolves or connects
/// for a client, so that it can be done in another process. To be asked on the connection's thread;
/// arguments must outlive the answer. Each coroutine throws operation_aborted when cancelled.
class Broker {
public:
    virtual ~Broker() = default;

    /// The host key's public half. It is the same for as long as this lives: a connection goes on
    /// with the broker that it began with, and so with the host key.
    virtual const PublicKey& host_key() const noexcept = 0;
    /// The signature blob (RFC 4253 6.6) of `data` by the host key. What it throws ends the
    /// connection.
    virtual awaitable<ByteVector> sign_host_key(std::string algorithm, ByteVector data) = 0;
    /// Might this key let this user in?
    virtual awaitable<KeyLookup> look_up_key(KeyQuestion question) = 0;
    /// Policy, look-up, policy for each address, and a connection to one of the addresses that were
    /// checked.
    virtual awaitable<Reached> connect(const Subject& subject, const DirectTcpip& wanted) = 0;
};

}  // namespace culvert
