#pragma once

#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>

#include <asio/associated_cancellation_slot.hpp>
#include <asio/async_result.hpp>

#include "common/net/awaitable.hpp"
#include "common/net/handler_memory.hpp"
#include "common/net/on_io_context.hpp"

namespace culvert {

/// A coroutine that waits for a result made of `Results`, the error first: one word that owns it.
/// For the few places that are an asynchronous operation themselves, see Event::wait(). What it
/// takes to go on lies in its own frame, so that resuming it allocates nothing and cannot fail.
template <class... Results>
class Suspended {
    using Handler = typename asio::async_result<asio::use_awaitable_t<IoExecutor>,
                                                void(Results...)>::handler_type;

public:
    /// Lies in the frame of the coroutine while that is suspended.
    class Place {
    public:
        Place() = default;
        Place(Place&&) noexcept {}  // before the coroutine has begun: nothing is in it yet

    private:
        friend class Suspended;
        // Asio's operation is a few words around the handler and its results.
        static constexpr std::size_t around = 8 * sizeof(void*);
        using Memory = HandlerMemory<sizeof(Handler) + sizeof(std::tuple<Results...>) + around>;

        std::optional<Handler> handler_;
        Memory memory_;
    };

    Suspended(Place& place, Handler handler) noexcept : place_{&place} {
        place.handler_.emplace(std::move(handler));
    }
    Suspended(Suspended&& other) noexcept : place_{std::exchange(other.place_, nullptr)} {}
    Suspended& operator=(Suspended&& other) noexcept {
        Suspended{std::move(other)}.swap(*this);
        return *this;
    }
    ~Suspended() {
        if (place_ != nullptr) (void)take();
    }

    IoExecutor get_executor() const noexcept { return place_->handler_->get_executor(); }
    asio::cancellation_slot cancellation_slot() const noexcept {
        return asio::get_associated_cancellation_slot(*place_->handler_);
    }

    /// Has it go on in a handler of its own, on its thread; may be called on any.
    void go_on(Results... results) && noexcept {
        auto& memory = place_->memory_;
        const auto executor = get_executor();
        post_in(memory, executor, [handler = take(), ... results = std::move(results)]() mutable {
            std::move(handler)(std::move(results)...);
        });
    }

private:
    Handler take() noexcept {
        Handler handler = std::move(*place_->handler_);
        place_->handler_.reset();
        place_ = nullptr;
        return handler;
    }
    void swap(Suspended& other) noexcept { std::swap(place_, other.place_); }

    Place* place_;
};

/// What initiates such an operation: `initiate(Suspended<Results...>, args...)` takes the coroutine
/// over. Asio ends the program if it throws.
template <class... Results, class Initiate, class... Args>
auto suspend(Initiate initiate, Args... args) {
    return asio::async_initiate<const asio::use_awaitable_t<IoExecutor>, void(Results...)>(
        [place = typename Suspended<Results...>::Place{}, initiate = std::move(initiate)](
            auto handler, auto... given) mutable {
            initiate(Suspended<Results...>{place, std::move(handler)}, std::move(given)...);
        },
        use_awaitable, std::move(args)...);
}

/// Has it go on in a handler of its own, after the frames that run now. To be called on its thread.
/// Whoever cancels it after this finds its state only, and no handler of the operation.
template <class... Results>
void resume(Suspended<Results...> coroutine, std::type_identity_t<Results>... results) noexcept {
    coroutine.cancellation_slot().clear();
    std::move(coroutine).go_on(std::move(results)...);
}

}  // namespace culvert
