#pragma once

#include <cstddef>

#include "common/net/awaitable.hpp"
#include "common/net/on_io_context.hpp"

namespace culvert {

/// Reads and forgets what still comes, until the other end closes (true) or `most` bytes have come
/// (false); `discarded` counts them. A socket that is closed with unread bytes in it makes the
/// kernel send a reset, which can overtake what was written before.
awaitable<bool> read_away(StreamSocket& socket, std::size_t most, std::size_t& discarded);

/// Waits before a close until what was written has arrived: reads and forgets what still comes
/// until the other end closes, or up to a few packets that were on their way. A sender of more is
/// not read from any longer; only the acknowledgement of what was written is waited for then.
awaitable<void> let_tail_arrive(StreamSocket& socket, std::size_t& discarded);

}  // namespace culvert
