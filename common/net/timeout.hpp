#pragma once

#include <optional>
#include <utility>

#include "common/base/time.hpp"
#include "common/net/awaitable.hpp"

namespace culvert {

/// Waits for the operation's end, and cancels it when `limit` is over. True: it ended well, be it
/// at the last moment. False: the time was over. What else it throws is thrown, so is
/// operation_aborted when this itself was cancelled. An operation that ignores its cancellation is
/// waited for.
awaitable<bool> with_timeout(awaitable<void> operation, Duration limit);

namespace detail {
template <class T>
awaitable<void> store(awaitable<T> operation, std::optional<T>& result) {
    result.emplace(co_await std::move(operation));
}
}  // namespace detail

/// The same with the operation's result, or nothing.
template <class T>
awaitable<std::optional<T>> with_timeout(awaitable<T> operation, Duration limit) {
    std::optional<T> result;
    co_await with_timeout(detail::store(std::move(operation), result), limit);
    co_return result;
}

}  // namespace culvert
