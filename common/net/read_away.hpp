#pragma once

#include <asio/ip/tcp.hpp>

#include "common/net/awaitable.hpp"

namespace culvert {

/// Reads and forgets what still comes, until the other end closes. A socket that is closed with
/// unread bytes in it makes the kernel send a reset, which can overtake what was written before.
awaitable<void> read_away(asio::ip::tcp::socket& socket);

}  // namespace culvert
