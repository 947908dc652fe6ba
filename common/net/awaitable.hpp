#pragma once

#include <exception>
#include <system_error>

#include <asio/awaitable.hpp>
#include <asio/cancellation_state.hpp>
#include <asio/error.hpp>
#include <asio/this_coro.hpp>
#include <asio/use_awaitable.hpp>

#include "common/net/on_io_context.hpp"

namespace culvert {

template <class T>
using awaitable = asio::awaitable<T, IoExecutor>;
inline constexpr asio::use_awaitable_t<IoExecutor> use_awaitable;

/// Once a coroutine has been cancelled, Asio makes each further co_await in it throw
/// operation_aborted, also those of its clean-up. `co_await uncancellable();` comes first there:
/// from then on the coroutine, with all that called it up to where it was spawned, is cancelled no
/// more.
inline auto uncancellable() {
    return asio::this_coro::reset_cancellation_state(asio::disable_cancellation{});
}

/// Ends that, for a coroutine that has more to do after its clean-up. A cancellation that came
/// meanwhile is forgotten.
inline auto cancellable() { return asio::this_coro::reset_cancellation_state(); }

/// What a coroutine throws that was cancelled.
inline bool is_operation_aborted(const std::exception_ptr& thrown) {
    if (!thrown) return false;
    try {
        std::rethrow_exception(thrown);
    } catch (const std::system_error& error) {
        return error.code() == asio::error::operation_aborted;
    } catch (...) {
        return false;
    }
}

}  // namespace culvert
