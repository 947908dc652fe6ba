#pragma once

#include <cstddef>
#include <cstdint>

#include "common/pacing/limits.hpp"

namespace culvert {

/// A channel's place in the order of turns. Its owner must not move it while it is queued.
class SchedulerEntry {
public:
    SchedulerEntry() noexcept = default;
    SchedulerEntry(const SchedulerEntry&) = delete;
    SchedulerEntry& operator=(const SchedulerEntry&) = delete;

private:
    friend class Scheduler;
    /// A paused flow is in the list of the old ones: it was a new flow and not ready when the
    /// scheduler reached it.
    enum class Queue : std::uint8_t { none, new_flow, paused, old_flow };

    SchedulerEntry* previous_ = nullptr;
    SchedulerEntry* next_ = nullptr;
    std::size_t deficit_ = 0;  ///< bytes left of its turn; never 0 while it is queued
    Queue queue_ = Queue::none;
    bool ready_ = false;
};

/// Which channel has its turn: deficit round robin over the channels that have something to send,
/// with new flows, which were idle, ahead of old flows, which send all the time (the two lists of
/// RFC 8290 4.1.2): a keystroke doesn't wait for a download. Unlike there, a flow that has sent
/// little may pause and go ahead again, up to an eighth of a quantum: an exchange of small messages
/// waits for a part of a download's turn and not for all of it. Every operation takes constant
/// time.
class Scheduler {
public:
    explicit Scheduler(std::size_t quantum = default_quantum) noexcept : quantum_{quantum} {}

    /// The channel has something to send, and may.
    void set_ready(SchedulerEntry& entry) noexcept;
    /// Not ready. It keeps its deficit until the scheduler next reaches it among the old flows, so
    /// that going idle briefly gains nothing.
    void set_idle(SchedulerEntry& entry) noexcept { entry.ready_ = false; }
    /// It goes away.
    void remove(SchedulerEntry& entry) noexcept;

    struct Turn {
        SchedulerEntry* entry = nullptr;  ///< null: nothing is ready
        std::size_t bytes = 0;            ///< how much it may send before the next one's turn
    };
    Turn next() noexcept;
    /// The entry that next() named has sent this much.
    void on_sent(SchedulerEntry& entry, std::size_t bytes) noexcept;

    static constexpr std::size_t default_quantum = limits::turn::quantum;

private:
    /// Circular, through `previous_` and `next_`.
    struct List {
        SchedulerEntry* first = nullptr;

        void push_back(SchedulerEntry& entry) noexcept;
        void remove(SchedulerEntry& entry) noexcept;
    };

    List& list_of(const SchedulerEntry& entry) noexcept;
    void move_to(SchedulerEntry::Queue queue, SchedulerEntry& entry) noexcept;

    std::size_t quantum_;
    List new_flows_;
    List old_flows_;
};

}  // namespace culvert
