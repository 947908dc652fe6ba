#pragma once

#include <algorithm>
#include <cstddef>

#include "common/pacing/limits.hpp"

namespace culvert {

/// How much may be received before the other connections of the thread go on. A few bytes may
/// inflate to many, and cost as much as they: payloads count.
class WorkBudget {
public:
    void on_message(std::size_t payload) noexcept {
        left_ -= std::min(payload + limits::work::of_message, left_);
    }
    /// True once: then there is another one.
    [[nodiscard]] bool is_used_up() noexcept {
        if (left_ > 0) return false;
        left_ = limits::work::budget;
        return true;
    }

private:
    std::size_t left_ = limits::work::budget;
};

}  // namespace culvert
