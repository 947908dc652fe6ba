#pragma once

#include <cassert>
#include <new>
#include <system_error>
#include <utility>
#include <variant>

#include <asio/cancellation_type.hpp>

#include "common/net/awaitable.hpp"
#include "common/net/resume.hpp"

namespace culvert {

/// A condition that one coroutine at a time waits for, on one thread: two words, and no memory of
/// its own. It must outlive its waiter: cancel that and wait for its end first.
class Event {
public:
    Event() = default;
    Event(const Event&) = delete;
    Event& operator=(const Event&) = delete;
    ~Event() { assert(!has_waiter()); }

    bool is_set() const noexcept { return std::holds_alternative<Set>(state_); }
    bool has_waiter() const noexcept { return std::holds_alternative<Waiter>(state_); }

    /// Stays set until reset(). The waiter goes on in a handler of its own, after the caller's;
    /// should the event have been reset by then, it goes on all the same.
    void set() noexcept {
        if (has_waiter()) resume_waiter({});
        state_.emplace<Set>();
    }

    void reset() noexcept {
        if (is_set()) state_.emplace<Clear>();
    }

    /// Returns at once when set. Throws operation_aborted when cancelled. In a loop that often
    /// finds it set, `if (!event.is_set()) co_await event.wait();` saves even the coroutine frame.
    /// Throws another std::system_error where there is no memory to wait with.
    awaitable<void> wait() {
        if (is_set()) return already_set();
        return suspend<std::error_code>(
            [this](Waiter waiter) { keep_waiter(std::move(waiter), Cancellable::yes); });
    }

    /// As wait(), but the coroutine's cancellation doesn't end it: the next co_await finds it.
    awaitable<void> wait_uncancelled() {
        if (is_set()) return already_set();
        return suspend<std::error_code>(
            [this](Waiter waiter) { keep_waiter(std::move(waiter), Cancellable::no); });
    }

private:
    using Waiter = Suspended<std::error_code>;
    struct Clear {};
    struct Set {};
    enum class Cancellable { no, yes };

    static awaitable<void> already_set() { co_return; }

    void keep_waiter(Waiter waiter, Cancellable cancellable) noexcept {
        assert(!has_waiter());
        if (is_set()) {  // between wait() and its co_await
            resume<std::error_code>(std::move(waiter), {});
            return;
        }
        auto slot = waiter.cancellation_slot();
        state_.emplace<Waiter>(std::move(waiter));
        if (cancellable == Cancellable::no || !slot.is_connected()) return;
        try {
            slot.assign(
                [this](asio::cancellation_type) { resume_waiter(asio::error::operation_aborted); });
        } catch (const std::bad_alloc&) {
            resume_waiter(asio::error::no_memory);
        }
    }

    void resume_waiter(std::error_code how) noexcept {
        Waiter waiter = std::move(std::get<Waiter>(state_));
        state_.emplace<Clear>();
        resume<std::error_code>(std::move(waiter), how);
    }

    std::variant<Clear, Set, Waiter> state_;
};

}  // namespace culvert
