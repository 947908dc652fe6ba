#pragma once

#include <cstddef>
#include <cstdint>

#include "common/pacing/limits.hpp"

namespace culvert {

/// A channel's place in the turn order. Its owner keeps it where it is while it is queued.
class SchedulerEntry {
public:
    SchedulerEntry() noexcept = default;
    SchedulerEntry(const SchedulerEntry&) = delete;
    SchedulerEntry& operator=(const SchedulerEntry&) = delete;

private:
    friend class Scheduler;
    /// The paused ones are in the bulk list: they came first with little, and had no more when they
    /// were asked.
    enum class Queue : std::uint8_t { none, new_flow, paused, old_flow };

    SchedulerEntry* previous_ = nullptr;
    SchedulerEntry* next_ = nullptr;
    std::size_t deficit_ = 0;  ///< bytes left of its turn; never 0 while it is queued
    Queue queue_ = Queue::none;
    bool ready_ = false;
};

/// Whose turn is it? Deficit round robin over the channels that have something to send, with those
/// that were idle ahead of those that send all the time (the two lists of RFC 8290 4.1.2): a
/// keystroke doesn't wait for a download. Unlike there, who has sent little may pause and go ahead
/// again, up to an eighth of a turn: an exchange of small messages waits for a part of a download's
/// turn and not for all of it. Every operation takes constant time.
class Scheduler {
public:
    explicit Scheduler(std::size_t quantum = default_quantum) noexcept : quantum_{quantum} {}

    /// The channel has something to send, and may.
    void set_ready(SchedulerEntry& entry) noexcept;
    /// It has nothing, or must not. What is left of its turn it keeps until it is asked in vain
    /// among the bulk, so that it gets no more by being idle for a moment.
    void set_idle(SchedulerEntry& entry) noexcept { entry.ready_ = false; }
    /// It goes away.
    void remove(SchedulerEntry& entry) noexcept;

    struct Turn {
        SchedulerEntry* entry = nullptr;  ///< nobody: nothing is ready
        std::size_t bytes = 0;            ///< how much it may send before the next one's turn
    };
    Turn next() noexcept;
    /// The entry whose turn it was sent this much.
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
