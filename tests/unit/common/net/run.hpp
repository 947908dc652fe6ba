#pragma once

#include <chrono>
#include <exception>
#include <utility>

#include <doctest/doctest.h>
#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>
#include <asio/post.hpp>

#include "common/net/awaitable.hpp"

namespace culvert {

/// Runs a test's coroutine to its end, and until the context has nothing left to do.
inline void run(asio::io_context& io, awaitable<void> test) {
    std::exception_ptr thrown;
    asio::co_spawn(io, std::move(test), [&](std::exception_ptr e) { thrown = std::move(e); });
    io.restart();
    io.run_for(std::chrono::seconds{30});
    REQUIRE(io.stopped());
    if (thrown) std::rethrow_exception(thrown);
}

/// Lets everything else that is ready go first.
inline awaitable<void> turn() { co_await asio::post(use_awaitable); }

}  // namespace culvert
