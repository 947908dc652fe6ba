#include "common/connection/scheduler.hpp"

#include <algorithm>
#include <cassert>

namespace culvert {
void Scheduler::List::push_back(SchedulerEntry& entry) noexcept {
    if (first == nullptr) {
        first = entry.next_ = entry.previous_ = &entry;
        return;
    }
    SchedulerEntry* const last = first->previous_;
    entry.previous_ = last;
    entry.next_ = first;
    last->next_ = first->previous_ = &entry;
}

void Scheduler::List::remove(SchedulerEntry& entry) noexcept {
    if (entry.next_ == &entry) {
        first = nullptr;
    } else {
        entry.previous_->next_ = entry.next_;
        entry.next_->previous_ = entry.previous_;
        if (first == &entry) first = entry.next_;
    }
    entry.previous_ = entry.next_ = nullptr;
}

Scheduler::List& Scheduler::list_of(const SchedulerEntry& entry) noexcept {
    return entry.queue_ == SchedulerEntry::Queue::new_flow ? new_flows_ : old_flows_;
}

void Scheduler::set_ready(SchedulerEntry& entry) noexcept {
    entry.ready_ = true;
    if (entry.queue_ == SchedulerEntry::Queue::paused &&
        entry.deficit_ > quantum_ - quantum_ / limits::turn::parts_of_quantum) {
        move_to(SchedulerEntry::Queue::new_flow, entry);
    } else if (entry.queue_ == SchedulerEntry::Queue::none) {
        entry.deficit_ = quantum_;
        entry.queue_ = SchedulerEntry::Queue::new_flow;
        new_flows_.push_back(entry);
    }
}

void Scheduler::remove(SchedulerEntry& entry) noexcept {
    if (entry.queue_ != SchedulerEntry::Queue::none) list_of(entry).remove(entry);
    entry.queue_ = SchedulerEntry::Queue::none;
    entry.ready_ = false;
}

void Scheduler::move_to(SchedulerEntry::Queue queue, SchedulerEntry& entry) noexcept {
    list_of(entry).remove(entry);
    entry.queue_ = queue;
    list_of(entry).push_back(entry);
}

Scheduler::Turn Scheduler::next() noexcept {
    for (;;) {
        SchedulerEntry* const entry =
            new_flows_.first != nullptr ? new_flows_.first : old_flows_.first;
        if (entry == nullptr) return {};
        if (entry->ready_) return {entry, entry->deficit_};
        if (entry->queue_ == SchedulerEntry::Queue::new_flow) {
            move_to(SchedulerEntry::Queue::paused, *entry);
        } else {
            remove(*entry);  // idle for a whole round: a new flow the next time
        }
    }
}

void Scheduler::on_sent(SchedulerEntry& entry, std::size_t bytes) noexcept {
    assert(entry.queue_ != SchedulerEntry::Queue::none);
    entry.deficit_ -= std::min(bytes, entry.deficit_);
    if (entry.deficit_ > 0) return;
    entry.deficit_ = quantum_;
    move_to(SchedulerEntry::Queue::old_flow, entry);
}

}  // namespace culvert
