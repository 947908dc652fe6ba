#pragma once

#include <chrono>
#include <cstdlib>
#include <exception>
#include <string>
#include <utility>

#include <doctest/doctest.h>
#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>
#include <asio/post.hpp>

#include "common/net/awaitable.hpp"

namespace culvert {

/// For machines that are busy or slow: every time limit of the tests is multiplied by it.
inline int time_factor() {
    const char* const given = std::getenv("CULVERT_TEST_TIME_FACTOR");
    return given ? std::stoi(given) : 1;
}

/// Runs a test's coroutine to its end, and until the context has nothing left to do.
inline void run(asio::io_context& io, awaitable<void> test) {
    std::exception_ptr thrown;
    asio::co_spawn(io, std::move(test), [&](std::exception_ptr e) { thrown = std::move(e); });
    io.restart();
    io.run_for(std::chrono::seconds{30} * time_factor());
    REQUIRE(io.stopped());
    if (thrown) std::rethrow_exception(thrown);
}

/// Lets everything else that is ready go first.
inline awaitable<void> turn() { co_await asio::post(use_awaitable); }

}  // namespace culvert
