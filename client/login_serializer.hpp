#pragma once

#include <cstddef>
#include <list>
#include <optional>
#include <vector>

#include "common/net/awaitable.hpp"
#include "common/net/event.hpp"

namespace culvert {

/// Which of a tunnel's connections may log in now. One at a time, so that no server sees a storm of
/// them and no agent asks its user twice at once; and while none is up one alone tries for all, and
/// the others follow when it is in. On the tunnel's thread.
class LoginSerializer {
public:
    explicit LoginSerializer(std::size_t connections) : up_(connections) {}

    /// Returns when it is this connection's turn: until it is up, or lost, or leaves. Cancelled it
    /// throws operation_aborted.
    awaitable<void> take(std::size_t connection);

    void on_up(std::size_t connection);
    /// It was up and is no more, or its try has failed.
    void on_lost(std::size_t connection);
    /// It won't try again.
    void on_over(std::size_t connection);

    std::size_t up() const noexcept;

private:
    struct Waiter {
        std::size_t connection;
        Event turn;
    };

    bool may_go(std::size_t connection) const noexcept;
    void give(std::size_t connection) noexcept;
    void give_to_next();

    std::vector<bool> up_;
    std::optional<std::size_t> holder_;       ///< whose turn it is
    std::optional<std::size_t> pioneer_ = 0;  ///< who tries for all
    std::list<Waiter*> waiting_;
};

}  // namespace culvert
