#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>

#include "common/base/time.hpp"
#include "common/pacing/congestion_window.hpp"
#include "common/pacing/interactive_traffic.hpp"
#include "common/pacing/io_budget.hpp"
#include "common/pacing/limits.hpp"
#include "common/pacing/send_backlog.hpp"

namespace culvert {

/// How much now? The one place that answers it for a connection: the engine asks for each turn, the
/// transmitter for each batch of output, the receiver for each receive. It joins what the path
/// carries (CongestionWindow), what the socket takes (SendBacklog), what the process can afford
/// (IoBudget), and whether small messages wait for what is moved (InteractiveTraffic). How long a
/// slow reader is waited for is a question of its own: ReaderWaitBudget.
class SendPolicy {
public:
    /// `interactive` must outlive this.
    explicit SendPolicy(const InteractiveTraffic& interactive) noexcept
        : interactive_{interactive} {}
    SendPolicy(const SendPolicy&) = delete;
    SendPolicy& operator=(const SendPolicy&) = delete;

    // ---- a turn: how much data goes into the output
    /// Ahead of a turn: what it may send depends on the traffic of this moment, and so does whether
    /// a probe is due.
    void begin_turn(TimePoint now) noexcept {
        is_interactive_ = interactive_.is_active(now);
        congestion_window_.set_interactive(is_interactive_);
    }
    /// Of `room` that the output has; 0: no channel may send now.
    std::size_t turn_room(std::size_t room) const noexcept {
        room = std::min(room, congestion_window_.available());
        return is_interactive_ ? std::min(room, limits::interactive::turn) : room;
    }
    /// Of `wanted` that a channel may send, in a turn_room() of `room`. It exceeds the room by a
    /// little where the rest would be a runt (silly window avoidance, RFC 9293 3.8.6.2).
    std::size_t turn_bytes(std::size_t wanted, std::size_t room) const noexcept {
        const bool leaves_runt = !is_interactive_ && wanted > room &&
                                 wanted - room <= room / limits::turn::parts_of_runt;
        return leaves_runt ? wanted : std::min(wanted, room);
    }

    // ---- a batch: how much is moved with one call
    struct Batch {
        std::size_t bytes;
        /// The thread's other connections go on after a full one, and not after several.
        bool is_single;
    };
    Batch receive_batch(TimePoint now) const noexcept { return batch(now); }
    /// The output is filled up to this, then sent, and the kernel holds no more of it unsent.
    Batch send_batch(TimePoint now) const noexcept {
        const Batch most = batch(now);
        return {std::min(most.bytes, send_backlog_.bytes()), most.is_single};
    }
    /// What the kernel is to be told of the last send_batch() (TCP_NOTSENT_LOWAT), where it has
    /// moved far enough to be worth a system call.
    std::optional<std::size_t> unsent_limit(std::size_t batch) noexcept {
        constexpr std::size_t far = limits::send_backlog::worth_telling;
        if (batch < far * unsent_limit_ && unsent_limit_ < far * batch) return std::nullopt;
        unsent_limit_ = batch;
        return batch;
    }

    // ---- what the answers follow
    CongestionWindow& congestion_window() noexcept { return congestion_window_; }
    const CongestionWindow& congestion_window() const noexcept { return congestion_window_; }
    SendBacklog& send_backlog() noexcept { return send_backlog_; }
    const IoBudget& io_budget() const noexcept { return io_budget_; }

private:
    Batch batch(TimePoint now) const noexcept {
        if (interactive_.is_active(now)) return {limits::interactive::batch, true};
        return {io_budget_.bytes(), false};
    }

    const InteractiveTraffic& interactive_;
    CongestionWindow congestion_window_;
    SendBacklog send_backlog_;
    IoBudget io_budget_;
    bool is_interactive_ = false;   ///< in this turn
    std::size_t unsent_limit_ = 0;  ///< what the kernel was told last
};

}  // namespace culvert
