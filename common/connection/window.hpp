#pragma once

#include <algorithm>
#include <cstdint>

#include "common/base/time.hpp"
#include "common/connection/window_budget.hpp"
#include "common/pacing/limits.hpp"

namespace culvert {

/// What the peer still lets us send on a channel, in bytes (RFC 4254 5.2).
class SendWindow {
public:
    SendWindow() noexcept = default;
    explicit SendWindow(std::uint32_t initial) noexcept : left_{initial} {}

    std::uint32_t left() const noexcept { return left_; }
    void on_sent(std::uint32_t bytes) noexcept;
    /// Throws ProtocolError if the window would pass 2^32-1.
    void on_adjust(std::uint32_t bytes);

private:
    std::uint32_t left_ = 0;
};

/// How far a channel's window reaches at first, and at most, in bytes.
struct WindowSizes {
    std::uint32_t first = limits::window::first;
    std::uint32_t largest = limits::window::largest;
    std::uint32_t first_on_short_path = limits::window::first_on_short_path;
};

/// Those of a channel whose window may come to `largest`.
constexpr WindowSizes window_sizes(std::uint32_t largest) noexcept {
    return {std::min(WindowSizes{}.first, largest), largest};
}

/// When something happened, and how long the path takes there and back; zero: not known yet.
struct PathSample {
    TimePoint now{};
    Duration round_trip{};
    /// The peer reads no more from its program than it can send. Others, OpenSSH among them, read
    /// as much as the window allows: what is more than the path carries only costs them time.
    bool peer_limits_inflight = true;
};

/// What we still let the peer send. Credit is returned for bytes that were delivered, so that a
/// program that doesn't read stops its own stream.
///
/// The window grows as long as its reader takes much of it within a round trip, or at the rate that
/// this would be: then the window is what holds the stream back. It follows what is read, not what
/// is received, so a stalled reader's never grows. It shrinks, by credit that isn't returned, when
/// the stream has long needed far less, or when all windows together claim too much and this one
/// has more than its share.
class ReceiveWindow {
public:
    /// `budget` must outlive it.
    ReceiveWindow(const WindowSizes& sizes, WindowBudget& budget) noexcept;
    ReceiveWindow(const ReceiveWindow&) = delete;
    ReceiveWindow& operator=(const ReceiveWindow&) = delete;
    ~ReceiveWindow();

    std::uint32_t size() const noexcept { return size_; }
    std::uint32_t left() const noexcept { return left_; }
    /// Throws ProtocolError if the peer sends more than we let it.
    void on_received(std::uint32_t bytes);
    /// Returns what to grant the peer now: 0 as long as it isn't worth a message.
    [[nodiscard]] std::uint32_t on_delivered(std::uint32_t bytes, const PathSample& path) noexcept;

private:
    void follow(const PathSample& path) noexcept;
    void fit_to(std::uint64_t need, TimePoint now) noexcept;
    void grow_to(std::uint64_t size) noexcept;
    void shrink_to(std::uint64_t size) noexcept;
    void give_back(std::uint32_t bytes) noexcept;

    WindowBudget& budget_;
    std::uint32_t size_;
    std::uint32_t first_;  ///< it never shrinks below
    std::uint32_t largest_;
    std::uint32_t left_;
    std::uint32_t to_grant_ = 0;
    std::uint32_t excess_ = 0;   ///< promised beyond size_ since that has shrunk
    std::uint64_t read_ = 0;     ///< since `reading_since_`
    TimePoint reading_since_{};  ///< not set before anything was read
    TimePoint needed_at_{};      ///< when a good part of it last was
};

}  // namespace culvert
