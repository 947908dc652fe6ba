// What it costs to say whose turn it is, and to count windows: once or twice for every read.

#include <benchmark/benchmark.h>

#include <chrono>
#include <vector>

#include "common/base/time.hpp"
#include "common/connection/scheduler.hpp"
#include "common/connection/window.hpp"

namespace {

using namespace culvert;

/// All of so many channels have something to send, all the time: the same for ten and ten thousand.
void scheduler_turn(benchmark::State& state) {
    Scheduler scheduler;
    std::vector<SchedulerEntry> entries(static_cast<std::size_t>(state.range(0)));
    for (SchedulerEntry& entry : entries) scheduler.set_ready(entry);
    for (auto _ : state) {
        const Scheduler::Turn turn = scheduler.next();
        scheduler.on_sent(*turn.entry, turn.bytes);
        scheduler.set_ready(*turn.entry);
    }
}
BENCHMARK(scheduler_turn)->Arg(1)->Arg(10)->Arg(1'000)->Arg(10'000);

/// One channel sends a little now and then, beside so many others that send all the time.
void scheduler_keystroke(benchmark::State& state) {
    Scheduler scheduler;
    std::vector<SchedulerEntry> bulk(static_cast<std::size_t>(state.range(0)));
    for (SchedulerEntry& entry : bulk) scheduler.set_ready(entry);
    SchedulerEntry keystrokes;
    for (auto _ : state) {
        scheduler.set_ready(keystrokes);
        const Scheduler::Turn turn = scheduler.next();
        scheduler.on_sent(*turn.entry, 64);
        if (turn.entry == &keystrokes) scheduler.set_idle(keystrokes);
    }
    for (SchedulerEntry& entry : bulk) scheduler.remove(entry);
    scheduler.remove(keystrokes);
}
BENCHMARK(scheduler_keystroke)->Arg(1)->Arg(1'000);

/// A packet's worth is sent, received, delivered, and granted again when it pays.
void window_of_a_packet(benchmark::State& state) {
    const WindowSizes sizes;
    const auto packet = static_cast<std::uint32_t>(state.range(0));
    WindowBudget budget{std::uint64_t{1} << 30};
    SendWindow sending{sizes.first};
    ReceiveWindow receiving{sizes, budget};
    PathSample path{.now = Clock::now(), .round_trip = std::chrono::milliseconds{1}};
    for (auto _ : state) {
        path.now += std::chrono::microseconds{30};  // about 1 GB/s, in packets of 32 KiB
        sending.on_sent(packet);
        receiving.on_received(packet);
        const std::uint32_t grant = receiving.on_delivered(packet, path);
        if (grant > 0) sending.on_adjust(grant);
        benchmark::DoNotOptimize(sending.left());
    }
}
BENCHMARK(window_of_a_packet)->Arg(64)->Arg(32 * 1024);

}  // namespace
