#pragma once

#include <cstddef>
#include <optional>
#include <variant>
#include <vector>

#include <asio/ip/tcp.hpp>

#include "common/base/endpoint.hpp"
#include "common/base/time.hpp"
#include "common/net/address.hpp"
#include "common/net/awaitable.hpp"
#include "common/net/deadline.hpp"
#include "common/net/dial_failure.hpp"
#include "common/net/on_io_context.hpp"
#include "common/net/resolver.hpp"

namespace culvert {

/// A connected socket on the caller's executor, non-blocking and with TCP_NODELAY, or why not.
using Dialed = std::variant<StreamSocket, DialFailure>;

/// Of a name's addresses no more are tried: whoever owns the name chooses how many it has.
inline constexpr std::size_t most_attempts = 16;

struct DialOptions {
    /// Only dial() resolves, and so obeys it.
    AddressFamily family = AddressFamily::any;
    /// The local address; port 0 is any. Only targets of its family are tried then.
    std::optional<asio::ip::tcp::endpoint> bind = std::nullopt;
    /// How long an attempt is alone before the next address is tried beside it (RFC 8305 5).
    Duration stagger = std::chrono::milliseconds{250};
};

/// Connects to one of these addresses, and to no other: the one to call after a policy has looked
/// at what a name resolved to. Happy eyeballs (RFC 8305): the families take turns, the first
/// connection wins, the other attempts are closed. When cancelled it throws operation_aborted and
/// leaves nothing behind.
awaitable<Dialed> connect_to(std::vector<asio::ip::tcp::endpoint> endpoints, DialOptions options,
                             Deadline deadline);

/// Resolves, then connects.
awaitable<Dialed> dial(Resolver& resolver, Endpoint target, DialOptions options, Deadline deadline);

/// RFC 8305 4: v6, v4, v6, v4 and so on, beginning with the family of the first; within a family
/// the order stays.
std::vector<asio::ip::tcp::endpoint> interleaved(
    const std::vector<asio::ip::tcp::endpoint>& endpoints);

}  // namespace culvert
