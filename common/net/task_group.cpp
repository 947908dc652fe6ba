#include "common/net/task_group.hpp"

#include <cassert>
#include <new>
#include <utility>

#include <asio/bind_cancellation_slot.hpp>
#include <asio/co_spawn.hpp>

namespace culvert {

/// A task's completion handler. Where it is dropped without a call, what should have called it was
/// destroyed for want of memory: the task is over all the same.
class TaskGroup::Ended {
public:
    Ended(TaskGroup& group, Tasks::iterator task) noexcept : group_{&group}, task_{task} {}
    Ended(Ended&& other) noexcept
        : group_{std::exchange(other.group_, nullptr)}, task_{other.task_} {}
    Ended& operator=(Ended&&) = delete;
    ~Ended() {
        if (group_ != nullptr) group_->on_end(task_, std::make_exception_ptr(std::bad_alloc{}));
    }

    void operator()(const std::exception_ptr& thrown) noexcept {
        std::exchange(group_, nullptr)->on_end(task_, thrown);
    }

private:
    TaskGroup* group_;
    Tasks::iterator task_;
};

TaskGroup::TaskGroup(IoExecutor executor, OnError on_error)
    : executor_{std::move(executor)}, on_error_{std::move(on_error)} {}

TaskGroup::~TaskGroup() { assert(empty()); }

void TaskGroup::spawn(awaitable<void> task) {
    const auto entry = tasks_.emplace(tasks_.end());
    // Throws where there is no memory: nothing was begun then, and the entry is gone.
    asio::co_spawn(executor_, std::move(task),
                   asio::bind_cancellation_slot(entry->signal.slot(), Ended{*this, entry}));
    // An end is always a later handler's, so the entry is still there.
    entry->begun = true;
    if (joining_) cancel(*entry);
}

void TaskGroup::cancel(Task& task) {
    task.cancelled = true;
    task.signal.emit(asio::cancellation_type::terminal);
}

void TaskGroup::cancel() {
    for (Task& task : tasks_) cancel(task);
}

awaitable<void> TaskGroup::join() {
    assert(!joining_);
    cancel();
    // The caller's cancellation is kept for its next co_await, and doesn't cut this short.
    const bool throws = co_await asio::this_coro::throw_if_cancelled();
    co_await asio::this_coro::throw_if_cancelled(false);
    joining_ = true;
    while (!empty()) {
        ended_.reset();
        co_await ended_.wait_uncancelled();
    }
    joining_ = false;
    co_await asio::this_coro::throw_if_cancelled(throws);
}

void TaskGroup::on_end(Tasks::iterator task, const std::exception_ptr& thrown) noexcept {
    const bool expected =
        !thrown || !task->begun || (task->cancelled && is_operation_aborted(thrown));
    tasks_.erase(task);
    try {
        if (!expected) on_error_(thrown);
    } catch (const std::bad_alloc&) {
        // There is no memory to report it with.
    }
    if (empty()) ended_.set();
}

}  // namespace culvert
