#pragma once

#include <optional>
#include <utility>

#include "common/net/awaitable.hpp"
#include "common/net/on_io_context.hpp"

namespace culvert {

/// Runs the operation on another thread, the executor's, and waits for it here. What it throws is
/// thrown here, and a cancellation here reaches it there; it is waited for all the same. What it
/// refers to is that thread's until then. On the caller's own executor it is simply awaited.
awaitable<void> run_on(IoExecutor there, awaitable<void> operation);

namespace detail {
template <class T>
awaitable<void> store_there(awaitable<T> operation, std::optional<T>& result) {
    result.emplace(co_await std::move(operation));
}
}  // namespace detail

/// The same with the operation's result.
template <class T>
awaitable<T> run_on(IoExecutor there, awaitable<T> operation) {
    std::optional<T> result;
    co_await run_on(std::move(there), detail::store_there(std::move(operation), result));
    co_return std::move(*result);
}

}  // namespace culvert
