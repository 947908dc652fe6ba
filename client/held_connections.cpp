#include "client/held_connections.hpp"

#include <new>
#include <system_error>
#include <utility>

#include "common/net/timeout.hpp"

namespace culvert {

/// Counts a connection as held: from before its coroutine begins, which is in a later turn.
class HeldConnections::Counted {
public:
    explicit Counted(std::size_t& count) noexcept : count_{&count} { ++count; }
    Counted(Counted&& other) noexcept : count_{std::exchange(other.count_, nullptr)} {}
    Counted& operator=(Counted&&) = delete;
    ~Counted() { release(); }

    void release() noexcept {
        if (count_ != nullptr) --*std::exchange(count_, nullptr);
    }

private:
    std::size_t* count_;
};

HeldConnections::HeldConnections(IoExecutor executor, std::function<void(LocalConnection)> place,
                                 std::function<void()> on_none_left, TaskGroup::OnError on_error)
    : place_{std::move(place)},
      on_none_left_{std::move(on_none_left)},
      tasks_{std::move(executor), std::move(on_error)} {}

void HeldConnections::hold(LocalConnection connection) {
    tasks_.spawn(wait(std::move(connection), Counted{count_}));
}

void HeldConnections::place_all() noexcept {
    for (Event* const waiting : waiting_) waiting->set();
}

awaitable<void> HeldConnections::wait(LocalConnection connection, Counted counted) {
    const auto wait_for = [](Event& event) -> awaitable<void> { co_await event.wait(); };
    Event up;
    waiting_.push_back(&up);
    std::exception_ptr cancelled;
    try {
        co_await with_timeout(wait_for(up), connection.held_until.left());
    } catch (const std::system_error&) {
        cancelled = std::current_exception();
    }
    std::erase(waiting_, &up);
    if (cancelled) std::rethrow_exception(cancelled);
    std::exception_ptr not_placed;
    try {
        place_(std::move(connection));
    } catch (const std::bad_alloc&) {
        not_placed = std::current_exception();
    }
    counted.release();
    if (count_ == 0) on_none_left_();
    if (not_placed) std::rethrow_exception(not_placed);
}

}  // namespace culvert
