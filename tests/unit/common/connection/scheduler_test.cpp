#include "common/connection/scheduler.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <deque>
#include <map>
#include <random>
#include <vector>

using namespace culvert;

namespace {

constexpr std::size_t quantum = 1000;

/// The same turn order, by two plain lists.
class NaiveScheduler {
public:
    void set_ready(const SchedulerEntry* entry) {
        ready_[entry] = true;
        if (paused_[entry] && deficit_[entry] > quantum - quantum / 8) {
            std::erase(old_flows_, entry);
            new_flows_.push_back(entry);
            paused_[entry] = false;
        } else if (!is_queued(entry)) {
            deficit_[entry] = quantum;
            new_flows_.push_back(entry);
        }
    }
    void set_idle(const SchedulerEntry* entry) { ready_[entry] = false; }
    void remove(const SchedulerEntry* entry) {
        std::erase(new_flows_, entry);
        std::erase(old_flows_, entry);
        ready_[entry] = paused_[entry] = false;
    }
    const SchedulerEntry* next() {
        while (!new_flows_.empty() || !old_flows_.empty()) {
            auto& list = new_flows_.empty() ? old_flows_ : new_flows_;
            const SchedulerEntry* entry = list.front();
            if (ready_[entry]) return entry;
            list.pop_front();
            paused_[entry] = &list == &new_flows_;
            if (paused_[entry]) old_flows_.push_back(entry);
        }
        return nullptr;
    }
    std::size_t deficit(const SchedulerEntry* entry) { return deficit_[entry]; }
    void on_sent(const SchedulerEntry* entry, std::size_t bytes) {
        deficit_[entry] -= std::min(bytes, deficit_[entry]);
        if (deficit_[entry] > 0) return;
        remove(entry);
        ready_[entry] = true;
        deficit_[entry] = quantum;
        old_flows_.push_back(entry);
    }

private:
    bool is_queued(const SchedulerEntry* entry) const {
        return std::ranges::find(new_flows_, entry) != new_flows_.end() ||
               std::ranges::find(old_flows_, entry) != old_flows_.end();
    }

    std::deque<const SchedulerEntry*> new_flows_;
    std::deque<const SchedulerEntry*> old_flows_;
    std::map<const SchedulerEntry*, bool> ready_;
    std::map<const SchedulerEntry*, bool> paused_;
    std::map<const SchedulerEntry*, std::size_t> deficit_;
};

/// Lets `entry`, whose turn it must be, send all that it may.
void send_turn(Scheduler& scheduler, SchedulerEntry& entry) {
    const Scheduler::Turn turn = scheduler.next();
    REQUIRE(turn.entry == &entry);
    scheduler.on_sent(entry, turn.bytes);
}

/// One bulk stream, after its first turn.
struct BesideBulk {
    BesideBulk() {
        scheduler.set_ready(bulk);
        send_turn(scheduler, bulk);
    }

    Scheduler scheduler{quantum};
    SchedulerEntry bulk;
};

}  // namespace

TEST_CASE("no flow is ready, or one is") {
    Scheduler scheduler{quantum};
    CHECK(scheduler.next().entry == nullptr);
    SchedulerEntry only;
    scheduler.set_ready(only);
    for (int i = 0; i < 3; ++i) {
        const Scheduler::Turn turn = scheduler.next();
        CHECK(turn.entry == &only);
        CHECK(turn.bytes == quantum);
        scheduler.on_sent(only, quantum);
    }
    scheduler.set_idle(only);
    CHECK(scheduler.next().entry == nullptr);
    scheduler.set_ready(only);
    CHECK(scheduler.next().entry == &only);
    scheduler.remove(only);
    CHECK(scheduler.next().entry == nullptr);
    scheduler.remove(only);  // again does nothing
}

TEST_CASE("asking whose turn it is changes nothing, and a turn may be used in parts") {
    Scheduler scheduler{quantum};
    SchedulerEntry a;
    SchedulerEntry b;
    scheduler.set_ready(a);
    scheduler.set_ready(b);
    CHECK(scheduler.next().entry == &a);
    CHECK(scheduler.next().entry == &a);
    scheduler.on_sent(a, 400);
    CHECK(scheduler.next().entry == &a);
    CHECK(scheduler.next().bytes == 600);
    scheduler.on_sent(a, 600);
    CHECK(scheduler.next().entry == &b);
}

TEST_CASE("bulk streams share evenly, whatever they send at a time") {
    Scheduler scheduler{quantum};
    std::array<SchedulerEntry, 5> entries;
    std::map<const SchedulerEntry*, std::size_t> sent;
    for (SchedulerEntry& entry : entries) scheduler.set_ready(entry);
    for (int i = 0; i < 10'000; ++i) {
        const Scheduler::Turn turn = scheduler.next();
        const auto number = static_cast<std::size_t>(turn.entry - entries.data());
        const std::size_t bytes = std::min(turn.bytes, 100 * (number + 1));
        scheduler.on_sent(*turn.entry, bytes);
        sent[turn.entry] += bytes;
    }
    std::size_t least = SIZE_MAX;
    std::size_t most = 0;
    for (const auto& [entry, bytes] : sent) {
        least = std::min(least, bytes);
        most = std::max(most, bytes);
    }
    CHECK(sent.size() == entries.size());
    CHECK(most - least <= quantum);
}

TEST_CASE("a stream that was idle goes ahead of all bulk") {
    Scheduler scheduler{quantum};
    std::array<SchedulerEntry, 10> bulk;
    for (SchedulerEntry& entry : bulk) scheduler.set_ready(entry);
    for (int i = 0; i < 30; ++i) {
        scheduler.on_sent(*scheduler.next().entry, quantum);
    }
    SchedulerEntry keystroke;
    for (int i = 0; i < 5; ++i) {
        scheduler.set_ready(keystroke);
        CHECK(scheduler.next().entry == &keystroke);
        scheduler.on_sent(keystroke, 50);
        scheduler.set_idle(keystroke);
        for (int round = 0; round < 20; ++round) {
            const Scheduler::Turn turn = scheduler.next();
            CHECK(turn.entry != &keystroke);
            scheduler.on_sent(*turn.entry, turn.bytes);
        }
    }
}

TEST_CASE_FIXTURE(BesideBulk,
                  "a stream of small messages goes ahead within a bulk stream's turn as well") {
    SchedulerEntry messages;
    for (int i = 0; i < 100; ++i) {
        scheduler.set_ready(messages);
        REQUIRE(scheduler.next().entry == &messages);
        scheduler.on_sent(messages, 1);
        scheduler.set_idle(messages);
        REQUIRE(scheduler.next().entry == &bulk);
        scheduler.on_sent(bulk, quantum / 8);
    }
}

TEST_CASE_FIXTURE(BesideBulk,
                  "who has sent an eighth of a turn ahead of the others waits for them") {
    SchedulerEntry lively;
    for (int i = 0; i < 5; ++i) {
        scheduler.set_ready(lively);
        REQUIRE(scheduler.next().entry == &lively);
        scheduler.on_sent(lively, quantum / 40);
        scheduler.set_idle(lively);
        CHECK(scheduler.next().entry == &bulk);
    }
    scheduler.set_ready(lively);
    send_turn(scheduler, bulk);
    CHECK(scheduler.next().entry == &lively);
}

TEST_CASE_FIXTURE(BesideBulk,
                  "bulk waits for little of those that pause, and gets its share beside them") {
    std::array<SchedulerEntry, 10> pausing;
    std::size_t by_bulk = 0;
    std::size_t by_others = 0;
    std::size_t longest_wait = 0;
    std::size_t wait = 0;
    for (int i = 0; i < 100'000; ++i) {
        // The flow that is looked for has nothing just then, but one of them always has.
        SchedulerEntry& lively = pausing[static_cast<std::size_t>(i) % pausing.size()];
        scheduler.set_ready(lively);
        const Scheduler::Turn turn = scheduler.next();
        const std::size_t bytes = std::min<std::size_t>(turn.bytes, 20);
        scheduler.on_sent(*turn.entry, bytes);
        if (turn.entry == &bulk) {
            by_bulk += bytes;
            wait = 0;
        } else {
            by_others += bytes;
            wait += bytes;
            longest_wait = std::max(longest_wait, wait);
            scheduler.set_idle(*turn.entry);
        }
        (void)scheduler.next();
    }
    CHECK(by_bulk * pausing.size() >= by_others);
    CHECK(longest_wait <= pausing.size() * quantum / 4);
}

TEST_CASE("no flow jumps the queue by being idle for a moment") {
    Scheduler scheduler{quantum};
    SchedulerEntry honest;
    SchedulerEntry sly;
    scheduler.set_ready(honest);
    scheduler.set_ready(sly);
    send_turn(scheduler, honest);
    send_turn(scheduler, sly);
    std::map<const SchedulerEntry*, std::size_t> sent;
    for (int i = 0; i < 1'000; ++i) {
        const Scheduler::Turn turn = scheduler.next();
        scheduler.on_sent(*turn.entry, turn.bytes);
        sent[turn.entry] += turn.bytes;
        scheduler.set_idle(sly);
        scheduler.set_ready(sly);
    }
    CHECK(sent[&sly] <= sent[&honest] + quantum);
}

TEST_CASE("a fresh stream with much to send becomes a bulk one after its first turn") {
    Scheduler scheduler{quantum};
    SchedulerEntry old;
    scheduler.set_ready(old);
    send_turn(scheduler, old);
    send_turn(scheduler, old);
    SchedulerEntry upstart;
    scheduler.set_ready(upstart);
    send_turn(scheduler, upstart);
    send_turn(scheduler, old);
    send_turn(scheduler, upstart);
    send_turn(scheduler, old);
}

TEST_CASE_FIXTURE(BesideBulk, "small streams, however many, starve no bulk stream") {
    std::array<SchedulerEntry, 50> small;
    std::size_t by_bulk = 0;
    std::size_t all = 0;
    for (int i = 0; i < 10'000; ++i) {
        for (SchedulerEntry& entry : small) scheduler.set_ready(entry);
        const Scheduler::Turn turn = scheduler.next();
        const std::size_t bytes =
            turn.entry == &bulk ? turn.bytes : std::min<std::size_t>(turn.bytes, 100);
        scheduler.on_sent(*turn.entry, bytes);
        if (turn.entry == &bulk) by_bulk += bytes;
        all += bytes;
        if (turn.entry != &bulk) scheduler.set_idle(*turn.entry);
    }
    CHECK(by_bulk * 51 >= all * 9 / 10);  // its share of the streams
}

TEST_CASE("the order agrees with a naive model under any mix of events") {
    for (std::uint32_t seed = 1; seed <= 20; ++seed) {
        CAPTURE(seed);
        std::mt19937 random{seed};
        Scheduler scheduler{quantum};
        NaiveScheduler model;
        std::array<SchedulerEntry, 8> entries;
        for (int i = 0; i < 3'000; ++i) {
            CAPTURE(i);
            SchedulerEntry& any = entries[random() % entries.size()];
            switch (random() % 8) {
                case 0:
                case 1:
                    scheduler.set_ready(any);
                    model.set_ready(&any);
                    break;
                case 2:
                    scheduler.set_idle(any);
                    model.set_idle(&any);
                    break;
                case 3:
                    scheduler.remove(any);
                    model.remove(&any);
                    break;
                default: {
                    const Scheduler::Turn turn = scheduler.next();
                    REQUIRE(turn.entry == model.next());
                    if (turn.entry == nullptr) break;
                    REQUIRE(turn.bytes == model.deficit(turn.entry));
                    const std::size_t bytes = random() % (turn.bytes + 200);  // more than it may
                    scheduler.on_sent(*turn.entry, bytes);
                    model.on_sent(turn.entry, bytes);
                }
            }
        }
    }
}
