#pragma once

#include <cstddef>
#include <exception>
#include <functional>
#include <list>

#include <asio/cancellation_signal.hpp>

#include "common/net/awaitable.hpp"
#include "common/net/event.hpp"
#include "common/net/on_io_context.hpp"

namespace culvert {

/// Owns coroutines that nobody awaits. It is a member of an object that outlives them, lives on its
/// executor's one thread, and must be empty when it is destroyed: join() first.
class TaskGroup {
public:
    /// Called with what a coroutine threw, as it ends; operation_aborted of a cancelled one is no
    /// error and not reported. It must not throw; without memory for it, that error is lost.
    using OnError = std::function<void(std::exception_ptr)>;

    TaskGroup(IoExecutor executor, OnError on_error);
    TaskGroup(const TaskGroup&) = delete;
    TaskGroup& operator=(const TaskGroup&) = delete;
    ~TaskGroup();

    /// Runs it until it first waits, then returns. A task spawned while join() waits is cancelled
    /// at that point.
    void spawn(awaitable<void> task);

    /// Cancels those that run now; they end later, each in its own time. The group can go on.
    void cancel();

    /// Cancels all and returns when the last one has ended, with its frame and all that lay in it
    /// gone. One coroutine at a time joins. The wait itself can't be cancelled, but Asio refuses to
    /// begin it in a coroutine that already is: there `co_await uncancellable();` comes first.
    awaitable<void> join();

    bool empty() const noexcept { return tasks_.empty(); }
    std::size_t size() const noexcept { return tasks_.size(); }
    const IoExecutor& executor() const noexcept { return executor_; }

private:
    struct Task {
        asio::cancellation_signal signal;
        bool begun = false;
        bool cancelled = false;
    };
    using Tasks = std::list<Task>;
    class Ended;

    static void cancel(Task& task);
    void on_end(Tasks::iterator task, const std::exception_ptr& thrown) noexcept;

    IoExecutor executor_;
    OnError on_error_;
    Tasks tasks_;
    Event ended_;
    bool joining_ = false;
};

}  // namespace culvert
