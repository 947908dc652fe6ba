#pragma once

#include "common/base/time.hpp"
#include "common/net/awaitable.hpp"
#include "common/net/on_io_context.hpp"

namespace culvert {

/// Does nothing for so long. Throws operation_aborted when cancelled.
inline awaitable<void> pause(Duration time) {
    Timer timer{co_await asio::this_coro::executor, time};
    co_await timer.async_wait(use_awaitable);
}

}  // namespace culvert
