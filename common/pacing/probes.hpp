#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

#include "common/base/time.hpp"
#include "common/pacing/delivery_rate.hpp"
#include "common/pacing/limits.hpp"

namespace culvert {

/// A ping among the data.
struct Probe {
    std::uint64_t number;
    TimePoint at;
    std::uint64_t sent;  ///< bytes of data ahead of it
    DeliveryRate::Snapshot then;
};

/// The probes that are in flight, in their order, numbered from 0.
class Probes {
public:
    bool empty() const noexcept { return first_ == next_; }
    bool full() const noexcept { return next_ - first_ == in_flight_.size(); }
    /// Only when not empty().
    const Probe& oldest() const noexcept { return in_flight_[first_ % in_flight_.size()]; }
    /// The number of the next one.
    std::uint64_t next() const noexcept { return next_; }
    bool awaits(std::uint64_t number) const noexcept { return number >= first_ && number < next_; }

    /// Only when not full(). Returns its number.
    std::uint64_t add(TimePoint now, std::uint64_t sent,
                      const DeliveryRate::Snapshot& then) noexcept {
        in_flight_[next_ % in_flight_.size()] = {next_, now, sent, then};
        return next_++;
    }
    /// The pong of an awaited one, which answers for those before it.
    Probe take(std::uint64_t number) noexcept {
        first_ = number;
        const Probe probe = oldest();
        ++first_;
        return probe;
    }
    /// Those before this number get no pong.
    void drop_before(std::uint64_t number) noexcept { first_ = std::max(first_, number); }

private:
    std::array<Probe, limits::congestion::most_probes> in_flight_;
    std::uint64_t first_ = 0;
    std::uint64_t next_ = 0;
};

}  // namespace culvert
