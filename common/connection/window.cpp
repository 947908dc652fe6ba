#include "common/connection/window.hpp"

#include <algorithm>
#include <cassert>
#include <limits>

#include <fmt/format.h>

#include "common/wire/protocol_error.hpp"

namespace culvert {

void SendWindow::on_sent(std::uint32_t bytes) noexcept {
    assert(bytes <= left_);
    left_ -= bytes;
}

void SendWindow::on_adjust(std::uint32_t bytes) {
    if (bytes > std::numeric_limits<std::uint32_t>::max() - left_) {
        throw ProtocolError{
            fmt::format("a window of {} adjusted by {} passes 2^32-1", left_, bytes)};
    }
    left_ += bytes;
}

ReceiveWindow::ReceiveWindow(const WindowSizes& sizes, WindowBudget& budget) noexcept
    : budget_{budget},
      size_{budget.open(sizes.first)},
      first_{size_},
      largest_{std::max(sizes.largest, size_)},
      left_{size_} {}

ReceiveWindow::~ReceiveWindow() { budget_.close(size_ + excess_); }

void ReceiveWindow::on_received(std::uint32_t bytes) {
    if (bytes > left_) {
        throw ProtocolError{fmt::format("{} bytes of data in a window of {}", bytes, left_)};
    }
    left_ -= bytes;
}

std::uint32_t ReceiveWindow::on_delivered(std::uint32_t bytes, const PathSample& path) noexcept {
    to_grant_ += bytes;
    read_ += bytes;
    assert(left_ + to_grant_ <= size_ + excess_);
    if (reading_since_ == TimePoint{}) reading_since_ = needed_at_ = path.now;
    if (to_grant_ < size_ / limits::window::grants) return 0;
    if (path.round_trip > Duration::zero()) follow(path);
    const std::uint32_t kept_back = std::min(excess_, to_grant_);
    if (kept_back > 0) give_back(kept_back);
    const std::uint32_t grant = to_grant_ - kept_back;
    left_ += grant;
    to_grant_ = 0;
    return grant;
}

void ReceiveWindow::follow(const PathSample& path) noexcept {
    const Duration round_trip = path.round_trip + limits::window::scheduling_slack;
    const Duration measured =
        path.peer_limits_inflight ? round_trip : std::max(round_trip, limits::window::burst);
    const Duration took = path.now - reading_since_;
    const bool in_time = took <= round_trip + round_trip / limits::window::parts_of_round_trip;
    if (read_ >= size_ / limits::window::headroom && in_time && round_trip == measured) {
        // It would grow at the end of the round trip: but a sender that is still getting faster has
        // use for it as soon as a grant can be there.
        needed_at_ = path.now;
        grow_to(std::uint64_t{size_} * limits::window::growth);
    } else if (took < measured) {
        return;
    } else {
        fit_to(static_cast<std::uint64_t>(static_cast<double>(read_) *
                                          (std::chrono::duration<double>(round_trip) / took)),
               path.now);
    }
    reading_since_ = path.now;
    read_ = 0;
}

/// `need` is what the reader takes in one round trip.
void ReceiveWindow::fit_to(std::uint64_t need, TimePoint now) noexcept {
    const std::uint64_t enough = limits::window::headroom * need;
    if (need >= size_ / limits::window::parts_not_needed) needed_at_ = now;
    if (enough > size_) {
        grow_to(enough);
    } else if (budget_.is_short()) {
        shrink_to(std::max(budget_.fair_share(), enough));
    } else if (now - needed_at_ >= limits::window::shrink_after) {
        needed_at_ = now;
        shrink_to(size_ / 2);
    }
}

void ReceiveWindow::grow_to(std::uint64_t size) noexcept {
    const auto wanted = static_cast<std::uint32_t>(std::min<std::uint64_t>(size, largest_));
    if (wanted <= size_) return;
    // What was to be kept back is granted after all.
    const std::uint32_t taken_back = std::min(wanted - size_, excess_);
    excess_ -= taken_back;
    size_ += taken_back;
    const std::uint32_t more = budget_.grow(size_ + excess_, wanted - size_);
    size_ += more;
    to_grant_ += more;
}

void ReceiveWindow::shrink_to(std::uint64_t size) noexcept {
    const auto wanted =
        static_cast<std::uint32_t>(std::clamp<std::uint64_t>(size, std::min(first_, size_), size_));
    excess_ += size_ - wanted;
    size_ = wanted;
}

void ReceiveWindow::give_back(std::uint32_t bytes) noexcept {
    excess_ -= bytes;
    budget_.shrink(bytes);
}

}  // namespace culvert
