#include "common/net/lookup_pool.hpp"

#include <netdb.h>

#include <algorithm>
#include <cassert>
#include <compare>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

#include <asio/associated_cancellation_slot.hpp>
#include <asio/post.hpp>

#include "common/net/resume.hpp"

namespace culvert {
namespace {

using Answer = std::shared_ptr<const Lookup>;
using Caller = Suspended<std::error_code, Answer>;

struct Question {
    std::string host;
    AddressFamily family{};
    friend auto operator<=>(const Question&, const Question&) = default;
};

Answer failure(int error, int system_error = 0) {
    return std::make_shared<const Lookup>(Lookup{{}, error, system_error});
}

}  // namespace

struct LookupPool::State {
    using Self = std::shared_ptr<State>;
    using Ticket = std::uint64_t;
    using Callers = std::map<Ticket, Caller>;
    struct Asked {
        Callers callers;
        bool begun = false;
    };

    State(Limits given, Function looks_up) : limits{given}, function{std::move(looks_up)} {}

    static void ask(const Self& self, Caller caller, Question question);
    void cancel(const Question& question, Ticket ticket);
    void close();

    static void work(const Self& self);

    const Limits limits;
    const Function function;

    std::mutex mutex;
    std::condition_variable changed;
    std::map<Question, Asked> asked;
    std::deque<Question> queue;  ///< of those asked, the ones not begun
    Ticket last_ticket = 0;
    std::size_t threads = 0;
    std::size_t idle = 0;  ///< of the threads; they are, until they take something off the queue
    bool closing = false;

private:
    static std::error_code start_thread(const Self& self);
    /// Why the question can't be queued, or nothing.
    static Answer make_room(const Self& self);
    Answer answer(const Question& question) const noexcept;
    static void deliver(Callers callers, const Answer& answer);
};

void LookupPool::State::ask(const Self& self, Caller caller, Question question) {
    const std::lock_guard lock{self->mutex};
    assert(!self->closing);
    auto entry = self->asked.find(question);
    if (entry == self->asked.end()) {
        if (Answer refusal = make_room(self)) {
            resume<std::error_code, Answer>(std::move(caller), {}, std::move(refusal));
            return;
        }
        entry = self->asked.try_emplace(question).first;
        self->queue.push_back(question);
        self->changed.notify_one();
    }
    const Ticket ticket = ++self->last_ticket;
    auto slot = asio::get_associated_cancellation_slot(caller);
    entry->second.callers.emplace(ticket, std::move(caller));
    if (slot.is_connected()) {
        slot.assign([self, question = std::move(question), ticket](asio::cancellation_type) {
            const Self kept = self;  // going on, the caller drops this handler
            kept->cancel(question, ticket);
        });
    }
}

Answer LookupPool::State::make_room(const Self& self) {
    if (self->queue.size() < self->idle) return nullptr;
    if (self->threads < self->limits.threads) {
        const std::error_code failed = start_thread(self);
        if (!failed) return nullptr;
        if (self->threads == 0) return failure(EAI_SYSTEM, failed.value());
    }
    return self->queue.size() < self->idle + self->limits.queued ? nullptr : failure(EAI_AGAIN);
}

std::error_code LookupPool::State::start_thread(const Self& self) {
    try {
        std::thread{&State::work, self}.detach();
    } catch (const std::system_error& error) {
        return error.code();
    }
    ++self->threads;
    ++self->idle;
    return {};
}

void LookupPool::State::cancel(const Question& question, Ticket ticket) {
    const std::lock_guard lock{mutex};
    const auto entry = asked.find(question);
    if (entry == asked.end()) return;  // answered: the caller is about to go on
    auto caller = entry->second.callers.extract(ticket);
    if (!caller) return;
    if (entry->second.callers.empty() && !entry->second.begun) {
        queue.erase(std::ranges::find(queue, question));
        asked.erase(entry);
    }
    resume<std::error_code, Answer>(std::move(caller.mapped()), asio::error::operation_aborted,
                                    nullptr);
}

void LookupPool::State::work(const Self& self) {
    std::unique_lock lock{self->mutex};
    const auto has_news = [&] { return self->closing || !self->queue.empty(); };
    while (self->changed.wait_for(lock, self->limits.idle, has_news) && !self->closing) {
        const Question question = std::move(self->queue.front());
        self->queue.pop_front();
        --self->idle;
        self->asked.at(question).begun = true;
        lock.unlock();
        const Answer answer = self->answer(question);
        lock.lock();
        ++self->idle;
        // Posted under the lock: once close() has had it, no io_context is touched any more.
        deliver(std::move(self->asked.extract(question).mapped().callers), answer);
    }
    --self->idle;
    --self->threads;
}

Answer LookupPool::State::answer(const Question& question) const noexcept {
    try {
        return std::make_shared<const Lookup>(function(question.host, question.family));
    } catch (const std::exception&) {
        return failure(EAI_MEMORY);
    }
}

void LookupPool::State::deliver(Callers callers, const Answer& answer) {
    for (auto& [ticket, caller] : callers) {
        const auto executor = caller.get_executor();
        asio::post(executor, [waiting = std::move(caller), answer = Answer{answer}]() mutable {
            std::move(waiting)(std::error_code{}, std::move(answer));
        });
    }
}

void LookupPool::State::close() {
    const std::lock_guard lock{mutex};
    assert(std::ranges::all_of(asked, [](const auto& e) { return e.second.callers.empty(); }));
    closing = true;
    queue.clear();
    changed.notify_all();
}

LookupPool::LookupPool(Limits limits, Function function)
    : state_{std::make_shared<State>(limits, std::move(function))} {}

LookupPool::~LookupPool() { close(); }

void LookupPool::close() { state_->close(); }

awaitable<std::shared_ptr<const Lookup>> LookupPool::look_up(std::string host,
                                                             AddressFamily family) {
    return suspend<std::error_code, Answer>(
        [state = state_](Caller caller, Question question) {
            State::ask(state, std::move(caller), std::move(question));
        },
        Question{std::move(host), family});
}

std::size_t LookupPool::threads() const {
    const std::lock_guard lock{state_->mutex};
    return state_->threads;
}

}  // namespace culvert
