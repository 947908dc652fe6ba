#pragma once

#include <type_traits>
#include <utility>

#include <asio/associated_cancellation_slot.hpp>
#include <asio/async_result.hpp>
#include <asio/defer.hpp>

#include "common/net/awaitable.hpp"
#include "common/net/on_io_context.hpp"

namespace culvert {

/// A coroutine that waits for a result made of `Results`, the error first: one word that owns it.
/// For the few places that are an asynchronous operation themselves, see Event::wait().
template <class... Results>
using Suspended =
    typename asio::async_result<asio::use_awaitable_t<IoExecutor>, void(Results...)>::handler_type;

/// What initiates such an operation: `initiate(Suspended<Results...>, args...)` takes the coroutine
/// over.
template <class... Results, class Initiate, class... Args>
auto suspend(Initiate initiate, Args... args) {
    return asio::async_initiate<const asio::use_awaitable_t<IoExecutor>, void(Results...)>(
        std::move(initiate), use_awaitable, std::move(args)...);
}

/// Has it go on in a turn of its own, after the frames that run now. To be called on its thread.
/// Whoever cancels it after this finds its state only, and no handler of the operation.
template <class... Results>
void resume(Suspended<Results...> coroutine, std::type_identity_t<Results>... results) {
    asio::get_associated_cancellation_slot(coroutine).clear();
    const auto executor = coroutine.get_executor();
    asio::defer(executor,
                [coroutine = std::move(coroutine), ... results = std::move(results)]() mutable {
                    std::move(coroutine)(std::move(results)...);
                });
}

}  // namespace culvert
