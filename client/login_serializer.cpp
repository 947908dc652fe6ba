#include "client/login_serializer.hpp"

#include <algorithm>

namespace culvert {

awaitable<void> LoginSerializer::take(std::size_t connection) {
    if (may_go(connection)) {
        give(connection);
        co_return;
    }
    Waiter waiter{connection, {}};
    const auto place = waiting_.insert(waiting_.end(), &waiter);
    std::exception_ptr cancelled;
    try {
        co_await waiter.turn.wait();
    } catch (const std::system_error&) {
        cancelled = std::current_exception();
    }
    waiting_.erase(place);
    if (cancelled) std::rethrow_exception(cancelled);
}

void LoginSerializer::on_up(std::size_t connection) {
    up_[connection] = true;
    pioneer_.reset();
    if (holder_ == connection) holder_.reset();
    give_to_next();
}

void LoginSerializer::on_lost(std::size_t connection) {
    up_[connection] = false;
    if (holder_ == connection) holder_.reset();
    give_to_next();
}

void LoginSerializer::on_over(std::size_t connection) {
    if (pioneer_ == connection) pioneer_.reset();
    on_lost(connection);
}

std::size_t LoginSerializer::up() const noexcept {
    return static_cast<std::size_t>(std::ranges::count(up_, true));
}

bool LoginSerializer::may_go(std::size_t connection) const noexcept {
    if (holder_) return false;
    return up() > 0 || !pioneer_ || pioneer_ == connection;
}

void LoginSerializer::give(std::size_t connection) noexcept {
    holder_ = connection;
    if (up() == 0) pioneer_ = connection;
}

void LoginSerializer::give_to_next() {
    const auto next = std::ranges::find_if(waiting_, [this](const Waiter* waiter) {
        return !waiter->turn.is_set() && may_go(waiter->connection);
    });
    if (next == waiting_.end()) return;
    give((*next)->connection);
    (*next)->turn.set();
}

}  // namespace culvert
