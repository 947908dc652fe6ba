#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <utility>

namespace culvert {

/// What somebody who takes on work has lately been busy with: from 0 to 1, of what one thread can
/// do, or of what the busiest one does.
///
/// New work can't be measured yet. It counts as a newcomer until it is: each measurement weighs as
/// much as all that was known before it, so half of a newcomer's part is gone with each.
class Load {
public:
    /// An idle newcomer does little harm beside a busy one, and a burst of them doesn't all go to
    /// the one that looks idle: after sixteen it looks as busy as can be.
    static constexpr double newcomer = 1.0 / 16;

    double lately() const noexcept { return lately_; }
    void on_given() noexcept { lately_ += newcomer; }
    void on_measured(double share) noexcept { lately_ = (lately_ + share) / 2; }

private:
    double lately_ = 0;
};

/// One of those who may be given new work.
struct Bearer {
    double load = 0;         ///< Load::lately()
    std::size_t burden = 0;  ///< how much it has now: connections, streams
};

/// Whom to give it to: the one with the least load, and of those alike, to a newcomer's part, the
/// one that has the least. `bearers` aren't empty.
inline std::size_t least_loaded(std::span<const Bearer> bearers) noexcept {
    const auto weight = [](const Bearer& bearer) {
        return std::pair{static_cast<long>(bearer.load / Load::newcomer), bearer.burden};
    };
    return static_cast<std::size_t>(std::ranges::min_element(bearers, {}, weight) -
                                    bearers.begin());
}

}  // namespace culvert
