#pragma once

#include <cstddef>

#include "common/base/time.hpp"
#include "common/pacing/limits.hpp"

namespace culvert {

/// How much output to keep ready, here and unsent in the kernel: what the connection carries in
/// `worth`. A keystroke waits behind that much, so a slow connection gets little; a fast one gets
/// what makes large sends. It is measured while the connection is the bottleneck, from one moment
/// when the kernel took no more to another.
class SendBacklog {
public:
    std::size_t bytes() const noexcept { return bytes_; }

    void on_sent(std::size_t bytes) noexcept { sent_ += bytes; }
    /// The kernel takes no more for now.
    void on_blocked(TimePoint now) noexcept;
    /// The kernel took all there was, so the time since then measures no rate.
    void on_emptied() noexcept { measuring_ = false; }

    static constexpr std::size_t largest = limits::send_backlog::largest;
    static constexpr std::size_t smallest = limits::send_backlog::smallest;
    static constexpr Duration worth = limits::send_backlog::worth;
    static constexpr Duration shortest_measurement = limits::send_backlog::shortest_measurement;

private:
    std::size_t bytes_ = largest;
    bool measuring_ = false;
    TimePoint began_{};
    std::size_t sent_ = 0;
};

}  // namespace culvert
