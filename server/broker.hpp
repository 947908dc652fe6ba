#pragma once

#include <string>
#include <vector>

#include <asio/ip/tcp.hpp>

#include "common/base/endpoint.hpp"
#include "common/base/unique_fd.hpp"
#include "common/forward/outbound.hpp"
#include "common/keys/public_key.hpp"
#include "common/net/awaitable.hpp"
#include "common/net/binding.hpp"
#include "common/wire/channel_types.hpp"
#include "server/users.hpp"

namespace culvert {

/// Who asks: a user who is logged in, and what the key that was proved permits.
struct Subject {
    const std::string& user;
    const KeyPermissions& permissions;
};

/// What the daemon and its connections ask of the system beyond the bytes of sockets that they
/// hold: the host key's signature, key files, names, targets, listening sockets. Apart from the
/// loading of a configuration, nothing else of the daemon signs, opens, resolves, connects or
/// binds, so that it can be done in another process. To be asked on the asking object's thread;
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

    /// The addresses to bind for `where`, as listen_endpoints() says. Throws Error.
    virtual awaitable<std::vector<asio::ip::tcp::endpoint>> resolve_bind_address(
        Endpoint where) = 0;
    /// Listening sockets for all of `endpoints`, as listen_on_all() makes them: those that `before`
    /// has already are shared with it. Throws Error that names the address.
    virtual awaitable<std::vector<UniqueFd>> bind(std::vector<asio::ip::tcp::endpoint> endpoints,
                                                  std::vector<BoundSocket> before) = 0;
};

}  // namespace culvert
