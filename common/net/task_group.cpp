#include "common/net/task_group.hpp"

#include <cassert>
#include <utility>

#include <asio/bind_cancellation_slot.hpp>
#include <asio/co_spawn.hpp>

namespace culvert {

TaskGroup::TaskGroup(IoExecutor executor, OnError on_error)
    : executor_{std::move(executor)}, on_error_{std::move(on_error)} {}

TaskGroup::~TaskGroup() { assert(empty()); }

void TaskGroup::spawn(awaitable<void> task) {
    const auto entry = tasks_.emplace(tasks_.end());
    try {
        asio::co_spawn(executor_, std::move(task),
                       asio::bind_cancellation_slot(
                           entry->signal.slot(),
                           [this, entry](std::exception_ptr thrown) { on_end(entry, thrown); }));
    } catch (...) {
        tasks_.erase(entry);  // no memory: nothing was begun
        throw;
    }
    // An end is always a later turn's, so the entry is still there.
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

void TaskGroup::on_end(Tasks::iterator task, const std::exception_ptr& thrown) {
    const bool expected = !thrown || (task->cancelled && is_operation_aborted(thrown));
    tasks_.erase(task);
    if (!expected) on_error_(thrown);
    if (empty()) ended_.set();
}

}  // namespace culvert
