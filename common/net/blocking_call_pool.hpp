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

struct AnswerPoolLimits {
    std::size_t threads = 32;
    std::size_t queued = 1024;  ///< questions waiting for a thread
    Duration idle = std::chrono::seconds{10};
};

/// Why a question has no answer.
struct Unanswered {
    enum class Why { queue_full, no_thread, threw };
    Why why{};
    int system_error = 0;  ///< errno, with no_thread
};

/// Threads for what blocks: a name's look-up, a file on a disk that may be slow. One is started
/// when all others are busy, and ends when it has been idle for a while. Here is the one lock that
/// the program's threads share; it isn't held while a question is answered.
///
/// What blocks can't be interrupted, and takes as long as it takes. So nobody ever waits for these
/// threads: they are detached and own together what they touch, and an answer that nobody wants any
/// more is dropped. When the program ends, one may still be at work: it uses nothing of ours that
/// has static storage.
///
/// A Question is a value with an order; an Answer can be made of an Unanswered.
template <class Question, class Answer>
class BlockingCallPool {
public:
    /// Called from several threads at once; may outlive the pool.
    using Function = std::function<Answer(const Question&)>;
    using Limits = AnswerPoolLimits;

    BlockingCallPool(Limits limits, Function function)
        : state_{std::make_shared<State>(limits, std::move(function))} {}
    BlockingCallPool(const BlockingCallPool&) = delete;
    BlockingCallPool& operator=(const BlockingCallPool&) = delete;
    /// Closes it.
    ~BlockingCallPool() { close(); }

    /// Those who wait must have been cancelled and joined. After this no thread of the pool touches
    /// an io_context of theirs, so those go later; nothing can be asked any more. Never waits.
    void close() { state_->close(); }

    /// Who asks what is being answered already gets the same answer. For callers on any thread:
    /// each goes on on its own. Throws operation_aborted when cancelled.
    awaitable<std::shared_ptr<const Answer>> ask(Question question) {
        return suspend<std::error_code, Shared>(
            [state = state_](Caller caller, Question asked) {
                State::ask(state, std::move(caller), std::move(asked));
            },
            std::move(question));
    }

    /// Those that are there now, busy or idle.
    std::size_t threads() const {
        const std::lock_guard lock{state_->mutex};
        return state_->threads;
    }

private:
    using Shared = std::shared_ptr<const Answer>;
    using Caller = Suspended<std::error_code, Shared>;
    using Ticket = std::uint64_t;
    using Callers = std::map<Ticket, Caller>;

    struct Asked {
        Callers callers;
        bool begun = false;
    };

    struct State {
        using Self = std::shared_ptr<State>;

        State(Limits given, Function answers) : limits{given}, function{std::move(answers)} {}

        static void ask(const Self& self, Caller caller, Question question) noexcept;
        static void enter(const Self& self, Caller& caller, const Question& question);
        void cancel(const Question& question, Ticket ticket);
        void close();

        static void work(const Self& self);
        static std::error_code start_thread(const Self& self);
        /// Why the question can't be queued, or nothing.
        static Shared make_room(const Self& self);
        Shared answer(const Question& question) const noexcept;
        static void deliver(Callers callers, const Shared& answer) noexcept;

        const Limits limits;
        const Function function;
        const Shared threw = unanswered(Unanswered::Why::threw);  ///< made while there is memory

        std::mutex mutex;
        std::condition_variable changed;
        std::map<Question, Asked> asked;
        std::deque<Question> queue;  ///< of those asked, the ones not begun
        Ticket last_ticket = 0;
        std::size_t threads = 0;
        std::size_t idle =
            0;  ///< of the threads; they are, until they take something off the queue
        bool closing = false;
    };

    static Shared unanswered(Unanswered::Why why, int system_error = 0) {
        return std::make_shared<const Answer>(Unanswered{why, system_error});
    }

    std::shared_ptr<State> state_;
};

template <class Question, class Answer>
void BlockingCallPool<Question, Answer>::State::ask(const Self& self, Caller caller,
                                                    Question question) noexcept {
    const std::lock_guard lock{self->mutex};
    assert(!self->closing);
    try {
        enter(self, caller, question);
    } catch (const std::bad_alloc&) {
        resume<std::error_code, Shared>(std::move(caller), asio::error::no_memory, nullptr);
    }
}

/// Takes the caller only when nothing can fail any more.
template <class Question, class Answer>
void BlockingCallPool<Question, Answer>::State::enter(const Self& self, Caller& caller,
                                                      const Question& question) {
    const Ticket ticket = ++self->last_ticket;
    auto slot = caller.cancellation_slot();
    if (slot.is_connected()) {
        slot.assign([self, question, ticket](asio::cancellation_type) {
            const Self kept = self;  // going on, the caller drops this handler
            kept->cancel(question, ticket);
        });
    }
    auto entry = self->asked.find(question);
    if (entry == self->asked.end()) {
        if (Shared refusal = make_room(self)) {
            resume<std::error_code, Shared>(std::move(caller), {}, std::move(refusal));
            return;
        }
        self->queue.push_back(question);
        try {
            entry = self->asked.try_emplace(question).first;
        } catch (const std::bad_alloc&) {
            self->queue.pop_back();
            throw;
        }
        self->changed.notify_one();
    }
    entry->second.callers.emplace(ticket, std::move(caller));
}

template <class Question, class Answer>
auto BlockingCallPool<Question, Answer>::State::make_room(const Self& self) -> Shared {
    if (self->queue.size() < self->idle) return nullptr;
    if (self->threads < self->limits.threads) {
        const std::error_code failed = start_thread(self);
        if (!failed) return nullptr;
        if (self->threads == 0) return unanswered(Unanswered::Why::no_thread, failed.value());
    }
    return self->queue.size() < self->idle + self->limits.queued
               ? nullptr
               : unanswered(Unanswered::Why::queue_full);
}

template <class Question, class Answer>
std::error_code BlockingCallPool<Question, Answer>::State::start_thread(const Self& self) {
    try {
        std::thread{&State::work, self}.detach();
    } catch (const std::system_error& error) {
        return error.code();
    }
    ++self->threads;
    ++self->idle;
    return {};
}

template <class Question, class Answer>
void BlockingCallPool<Question, Answer>::State::cancel(const Question& question, Ticket ticket) {
    const std::lock_guard lock{mutex};
    const auto entry = asked.find(question);
    if (entry == asked.end()) return;  // answered: the caller is about to go on
    auto caller = entry->second.callers.extract(ticket);
    if (!caller) return;
    if (entry->second.callers.empty() && !entry->second.begun) {
        queue.erase(std::ranges::find(queue, question));
        asked.erase(entry);
    }
    resume<std::error_code, Shared>(std::move(caller.mapped()), asio::error::operation_aborted,
                                    nullptr);
}

template <class Question, class Answer>
void BlockingCallPool<Question, Answer>::State::work(const Self& self) {
    std::unique_lock lock{self->mutex};
    const auto has_news = [&] { return self->closing || !self->queue.empty(); };
    while (self->changed.wait_for(lock, self->limits.idle, has_news) && !self->closing) {
        const Question question = std::move(self->queue.front());
        self->queue.pop_front();
        --self->idle;
        self->asked.at(question).begun = true;
        lock.unlock();
        const Shared answer = self->answer(question);
        lock.lock();
        ++self->idle;
        // Posted under the lock: once close() has had it, no io_context is touched any more.
        deliver(std::move(self->asked.extract(question).mapped().callers), answer);
    }
    --self->idle;
    --self->threads;
}

template <class Question, class Answer>
auto BlockingCallPool<Question, Answer>::State::answer(const Question& question) const noexcept
    -> Shared {
    try {
        return std::make_shared<const Answer>(function(question));
    } catch (const std::exception&) {
        return threw;
    }
}

template <class Question, class Answer>
void BlockingCallPool<Question, Answer>::State::deliver(Callers callers,
                                                        const Shared& answer) noexcept {
    for (auto& [ticket, caller] : callers) {
        std::move(caller).go_on({}, answer);
    }
}

template <class Question, class Answer>
void BlockingCallPool<Question, Answer>::State::close() {
    const std::lock_guard lock{mutex};
    assert(std::ranges::all_of(asked, [](const auto& e) { return e.second.callers.empty(); }));
    closing = true;
    queue.clear();
    changed.notify_all();
}

}  // namespace culvert
