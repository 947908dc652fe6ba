#pragma once

#include <optional>
#include <utility>

namespace culvert {

/// The best of the values of this span and the one before: what is older is forgotten. Its owner
/// says when a span begins, by time or by count.
template <class Value, class Better>
class WindowedFilter {
public:
    void add(const Value& value) noexcept {
        if (!current_ || Better{}(value, *current_)) current_ = value;
    }
    /// A span in which nothing was measured doesn't count.
    void begin_span() noexcept {
        if (current_) previous_ = std::exchange(current_, std::nullopt);
    }
    /// Empty until something was added.
    std::optional<Value> best() const noexcept {
        if (!current_ || !previous_) return current_ ? current_ : previous_;
        return Better{}(*current_, *previous_) ? current_ : previous_;
    }

private:
    std::optional<Value> current_;
    std::optional<Value> previous_;
};

}  // namespace culvert
