#include "common/pacing/send_backlog.hpp"

#include <algorithm>
#include <utility>

namespace culvert {

void SendBacklog::on_blocked(TimePoint now) noexcept {
    if (!std::exchange(measuring_, true)) {
        began_ = now;
        sent_ = 0;
        return;
    }
    const Duration took = now - began_;
    if (took < shortest_measurement) return;
    const double carried =
        static_cast<double>(sent_) * (worth / std::chrono::duration<double>(took));
    bytes_ = static_cast<std::size_t>(std::clamp(carried, double{smallest}, double{largest}));
    began_ = now;
    sent_ = 0;
}

}  // namespace culvert
