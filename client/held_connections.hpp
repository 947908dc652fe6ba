#pragma once

#include <cstddef>
#include <functional>
#include <vector>

#include "client/local_connection.hpp"
#include "common/net/event.hpp"
#include "common/net/task_group.hpp"

namespace culvert {

/// Local connections that came while no SSH connection was up, for as long as each may wait. On the
/// tunnel's thread.
class HeldConnections {
public:
    /// `place` is given each anew, when an SSH connection is up or the time is over; it may hold it
    /// again. `on_none_left` is called when the last one has been placed.
    HeldConnections(IoExecutor executor, std::function<void(LocalConnection)> place,
                    std::function<void()> on_none_left, TaskGroup::OnError on_error);

    /// Throws std::bad_alloc; the connection is reset then.
    void hold(LocalConnection connection);
    /// An SSH connection is up.
    void place_all() noexcept;
    std::size_t count() const noexcept { return count_; }
    /// Resets what is left.
    awaitable<void> join() { return tasks_.join(); }

private:
    class Counted;
    awaitable<void> wait(LocalConnection connection, Counted counted);

    std::function<void(LocalConnection)> place_;
    std::function<void()> on_none_left_;
    std::vector<Event*> waiting_;
    std::size_t count_ = 0;  ///< those, and what is about to be one of them
    TaskGroup tasks_;
};

}  // namespace culvert
