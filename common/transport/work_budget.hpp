#pragma once

#include <algorithm>
#include <cstddef>

namespace culvert {

/// How much may be received before others on this thread should have their turn. A few bytes may
/// inflate to many, and cost as much as they: payloads count.
class WorkBudget {
public:
    void on_message(std::size_t payload) noexcept {
        left_ -= std::min(payload + work_of_a_message, left_);
    }
    /// True once: then there is another one.
    [[nodiscard]] bool is_used_up() noexcept {
        if (left_ > 0) return false;
        left_ = turn;
        return true;
    }

    /// The work of one turn, in bytes of payload: a few milliseconds.
    static constexpr std::size_t turn = 2 * 1024 * 1024;
    /// What a message costs in such bytes however short it is: it may open a socket.
    static constexpr std::size_t work_of_a_message = 8 * 1024;

private:
    std::size_t left_ = turn;
};

}  // namespace culvert
