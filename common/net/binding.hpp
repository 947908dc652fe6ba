#pragma once

#include <system_error>
#include <vector>

#include <asio/ip/tcp.hpp>

#include "common/base/error.hpp"
#include "common/base/unique_fd.hpp"

namespace culvert {

/// A listening socket that is bound already.
struct BoundSocket {
    asio::ip::tcp::endpoint endpoint;
    int descriptor = -1;
};

/// Is `narrow` one of the addresses that listening on `wide` takes? Addresses of all interfaces
/// take those of their own family; a free port (0) is never another one's.
bool covers(const asio::ip::tcp::endpoint& wide, const asio::ip::tcp::endpoint& narrow);

/// Listening sockets for all of `endpoints`, non-blocking. The endpoints have one port in common; 0
/// is one that is free on each of them. An address that this machine doesn't have may be missing as
/// long as another is there. Throws Error that names the address, nothing is bound then.
///
/// What one of `before` listens on already is shared with it, and so is what an endpoint covers:
/// their ports stay open when `before` goes. Addresses may overlap with those of `before`.
std::vector<UniqueFd> listen_on_all(const std::vector<asio::ip::tcp::endpoint>& endpoints,
                                    const std::vector<BoundSocket>& before = {});

/// Whether the address can be bound, without listening on it.
std::error_code try_to_bind(const asio::ip::tcp::endpoint& endpoint);

/// This machine doesn't have the address, or not the family.
bool is_missing_here(std::error_code error);

/// Why culvert can't listen there, and what to do.
Error listen_error(const asio::ip::tcp::endpoint& endpoint, std::error_code reason);

}  // namespace culvert
