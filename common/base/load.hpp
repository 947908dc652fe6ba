#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <utility>

namespace culvert {

/// The load of a worker: from 0 to 1, of what one thread can do, or of what the busiest worker
/// does.
///
/// It is a moving average: each measurement weighs as much as all before it. New work can't be
/// measured yet, so it is estimated, and half of an estimate is gone with each measurement.
class Load {
public:
    /// So much that of a burst not all goes to the worker that looks idle: after sixteen it looks
    /// as busy as can be. So little that idle work does little harm.
    static constexpr double new_work_estimate = 1.0 / 16;

    double average() const noexcept { return average_; }
    void on_given() noexcept { average_ += new_work_estimate; }
    void on_measured(double share) noexcept { average_ = (average_ + share) / 2; }

private:
    double average_ = 0;
};

/// A worker that may be given new work.
struct Candidate {
    double load = 0;         ///< Load::average()
    std::size_t burden = 0;  ///< how much it has now: connections, streams
};

/// The index of the candidate with the least load; of those whose loads differ by less than a
/// new-work estimate, the one with the least burden. `candidates` must not be empty.
inline std::size_t least_loaded(std::span<const Candidate> candidates) noexcept {
    const auto weight = [](const Candidate& candidate) {
        return std::pair{static_cast<long>(candidate.load / Load::new_work_estimate),
                         candidate.burden};
    };
    return static_cast<std::size_t>(std::ranges::min_element(candidates, {}, weight) -
                                    candidates.begin());
}

}  // namespace culvert
