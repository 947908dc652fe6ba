#pragma once

#include <algorithm>
#include <cassert>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <new>
#include <system_error>
#include <thread>
#include <utility>

#include <asio/error.hpp>

#include "common/base/time.hpp"
#include "common/net/awaitable.hpp"
#include "common/net/resume.hpp"

namespace culvert {

struct BlockingCallLimits {
    std::size_t threads = 32;
    std::size_t queued = 1024;  ///< calls waiting for a thread
    Duration idle = std::chrono::seconds{10};
};

/// Why a call has no result.
struct NoResult {
    enum class Why { queue_full, no_thread, threw };
    Why why{};
    int system_error = 0;  ///< errno, with no_thread
};

/// Threads for what blocks: a name's look-up, a file on a disk that may be slow. One is started
/// when all others are busy, and ends when it has been idle for a while. Calls with an equal
/// argument are coalesced (single flight): one that is queued or under way serves all its callers.
/// Here is the one lock that the program's threads share; it isn't taken during a call.
///
/// What blocks can't be interrupted, and takes as long as it takes. So these threads are never
/// joined: they are detached and own together what they touch, and a result without a caller is
/// dropped. When the program ends, one may still be at work: it uses nothing of ours that has
/// static storage.
///
/// An Argument is a value with an order; a Result can be made of a NoResult.
template <class Argument, class Result>
class BlockingCallPool {
public:
    /// Called from several threads at once; may outlive the pool.
    using Function = std::function<Result(const Argument&)>;
    using Limits = BlockingCallLimits;

    BlockingCallPool(Limits limits, Function function)
        : state_{std::make_shared<State>(limits, std::move(function))} {}
    BlockingCallPool(const BlockingCallPool&) = delete;
    BlockingCallPool& operator=(const BlockingCallPool&) = delete;
    /// Closes it.
    ~BlockingCallPool() { close(); }

    /// Callers that wait must have been cancelled and joined. After this no thread of the pool
    /// touches their io_contexts, so those go later; nothing can be called any more. Never waits.
    void close() { state_->close(); }

    /// For callers on any thread: each goes on on its own. Throws operation_aborted when cancelled.
    awaitable<std::shared_ptr<const Result>> call(Argument argument) {
        return suspend<std::error_code, Shared>(
            [state = state_](Caller caller, Argument given) {
                State::start(state, std::move(caller), std::move(given));
            },
            std::move(argument));
    }

    /// Those that are there now, busy or idle.
    std::size_t threads() const {
        const std::lock_guard lock{state_->mutex};
        return state_->threads;
    }

private:
    using Shared = std::shared_ptr<const Result>;
    using Caller = Suspended<std::error_code, Shared>;
    using Ticket = std::uint64_t;
    using Callers = std::map<Ticket, Caller>;

    struct Call {
        Callers callers;
        bool begun = false;
    };

    struct State {
        using Self = std::shared_ptr<State>;

        State(Limits given, Function called) : limits{given}, function{std::move(called)} {}

        static void start(const Self& self, Caller caller, Argument argument) noexcept;
        static void enter(const Self& self, Caller& caller, const Argument& argument);
        void cancel(const Argument& argument, Ticket ticket);
        void close();

        static void work(const Self& self);
        static std::error_code start_thread(const Self& self);
        /// Why the call can't be queued, or nothing.
        static Shared make_room(const Self& self);
        Shared run(const Argument& argument) const noexcept;
        static void deliver(Callers callers, const Shared& result) noexcept;

        const Limits limits;
        const Function function;
        const Shared threw = no_result(NoResult::Why::threw);  ///< made while there is memory

        std::mutex mutex;
        std::condition_variable changed;
        std::map<Argument, Call> calls;
        std::deque<Argument> queue;  ///< of the calls that have not begun
        Ticket last_ticket = 0;
        std::size_t threads = 0;
        std::size_t idle =
            0;  ///< of the threads; they are, until they take something off the queue
        bool closing = false;
    };

    static Shared no_result(NoResult::Why why, int system_error = 0) {
        return std::make_shared<const Result>(NoResult{why, system_error});
    }

    std::shared_ptr<State> state_;
};

template <class Argument, class Result>
void BlockingCallPool<Argument, Result>::State::start(const Self& self, Caller caller,
                                                      Argument argument) noexcept {
    const std::lock_guard lock{self->mutex};
    assert(!self->closing);
    try {
        enter(self, caller, argument);
    } catch (const std::bad_alloc&) {
        resume<std::error_code, Shared>(std::move(caller), asio::error::no_memory, nullptr);
    }
}

/// Takes the caller only when nothing can fail any more.
template <class Argument, class Result>
void BlockingCallPool<Argument, Result>::State::enter(const Self& self, Caller& caller,
                                                      const Argument& argument) {
    const Ticket ticket = ++self->last_ticket;
    auto slot = caller.cancellation_slot();
    if (slot.is_connected()) {
        slot.assign([self, argument, ticket](asio::cancellation_type) {
            const Self kept = self;  // going on, the caller drops this handler
            kept->cancel(argument, ticket);
        });
    }
    auto entry = self->calls.find(argument);
    if (entry == self->calls.end()) {
        if (Shared refusal = make_room(self)) {
            resume<std::error_code, Shared>(std::move(caller), {}, std::move(refusal));
            return;
        }
        self->queue.push_back(argument);
        try {
            entry = self->calls.try_emplace(argument).first;
        } catch (const std::bad_alloc&) {
            self->queue.pop_back();
            throw;
        }
        self->changed.notify_one();
    }
    entry->second.callers.emplace(ticket, std::move(caller));
}

template <class Argument, class Result>
auto BlockingCallPool<Argument, Result>::State::make_room(const Self& self) -> Shared {
    if (self->queue.size() < self->idle) return nullptr;
    if (self->threads < self->limits.threads) {
        const std::error_code failed = start_thread(self);
        if (!failed) return nullptr;
        if (self->threads == 0) return no_result(NoResult::Why::no_thread, failed.value());
    }
    return self->queue.size() < self->idle + self->limits.queued
               ? nullptr
               : no_result(NoResult::Why::queue_full);
}

template <class Argument, class Result>
std::error_code BlockingCallPool<Argument, Result>::State::start_thread(const Self& self) {
    try {
        std::thread{&State::work, self}.detach();
    } catch (const std::system_error& error) {
        return error.code();
    }
    ++self->threads;
    ++self->idle;
    return {};
}

template <class Argument, class Result>
void BlockingCallPool<Argument, Result>::State::cancel(const Argument& argument, Ticket ticket) {
    const std::lock_guard lock{mutex};
    const auto entry = calls.find(argument);
    if (entry == calls.end()) return;  // over: the caller is about to go on
    auto caller = entry->second.callers.extract(ticket);
    if (!caller) return;
    if (entry->second.callers.empty() && !entry->second.begun) {
        queue.erase(std::ranges::find(queue, argument));
        calls.erase(entry);
    }
    resume<std::error_code, Shared>(std::move(caller.mapped()), asio::error::operation_aborted,
                                    nullptr);
}

template <class Argument, class Result>
void BlockingCallPool<Argument, Result>::State::work(const Self& self) {
    std::unique_lock lock{self->mutex};
    const auto has_news = [&] { return self->closing || !self->queue.empty(); };
    while (self->changed.wait_for(lock, self->limits.idle, has_news) && !self->closing) {
        const Argument argument = std::move(self->queue.front());
        self->queue.pop_front();
        --self->idle;
        self->calls.at(argument).begun = true;
        lock.unlock();
        const Shared result = self->run(argument);
        lock.lock();
        ++self->idle;
        // Posted under the lock: once close() has had it, no io_context is touched any more.
        deliver(std::move(self->calls.extract(argument).mapped().callers), result);
    }
    --self->idle;
    --self->threads;
}

template <class Argument, class Result>
auto BlockingCallPool<Argument, Result>::State::run(const Argument& argument) const noexcept
    -> Shared {
    try {
        return std::make_shared<const Result>(function(argument));
    } catch (const std::exception&) {
        return threw;
    }
}

template <class Argument, class Result>
void BlockingCallPool<Argument, Result>::State::deliver(Callers callers,
                                                        const Shared& result) noexcept {
    for (auto& [ticket, caller] : callers) {
        std::move(caller).go_on({}, result);
    }
}

template <class Argument, class Result>
void BlockingCallPool<Argument, Result>::State::close() {
    const std::lock_guard lock{mutex};
    assert(std::ranges::all_of(calls, [](const auto& e) { return e.second.callers.empty(); }));
    closing = true;
    queue.clear();
    changed.notify_all();
}

}  // namespace culvert
