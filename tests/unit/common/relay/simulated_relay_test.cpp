#include <array>
#include <chrono>
#include <optional>
#include <string>

#include <doctest/doctest.h>

#include "tests/unit/common/relay/relayed_stream.hpp"

using namespace culvert;
using namespace culvert::test;

namespace {

/// A link, programs and sizes of all kinds; the programs' ends are the test's.
RelayedStreamPlan plan_for(std::uint32_t seed) {
    constexpr std::array<std::size_t, 4> pieces = {7, 100, 1500, 64 * 1024};
    constexpr std::array<Duration, 3> delays = {Duration{}, std::chrono::microseconds{100},
                                                std::chrono::milliseconds{50}};
    constexpr std::array<Duration, 3> pauses = {Duration{}, std::chrono::microseconds{200},
                                                std::chrono::milliseconds{40}};
    std::mt19937 random{seed};
    RelayedStreamPlan plan;
    plan.link.seed = seed;
    plan.link.largest_piece = pieces[random() % pieces.size()];
    plan.link.longest_delay = delays[random() % delays.size()];
    plan.link.send_buffer = random() % 2 == 0 ? 1 : 0;  // the kernel's least
    plan.send_buffer = random() % 2 == 0 ? 1 : 0;
    const std::size_t most = std::min<std::size_t>(plan.link.largest_piece * 1500, 400'000);
    plan.program.sends = 1 + random() % most;
    plan.service.sends = 1 + random() % most;
    plan.program.longest_pause = pauses[random() % pauses.size()];
    plan.service.longest_pause = pauses[random() % pauses.size()];
    return plan;
}

constexpr std::uint32_t seeds = 30;

}  // namespace

TEST_CASE("all arrives, whichever end finishes first") {
    using End = SimulatedProgram::End;
    struct Row {
        const char* name;
        End program;
        End service;
    };
    for (const Row& row : {
             Row{"each when it has sent all", End::finishes, End::finishes},
             Row{"the program first", End::finishes, End::answers},
             Row{"the service first", End::answers, End::finishes},
         }) {
        CAPTURE(row.name);
        for (std::uint32_t seed = 1; seed <= seeds; ++seed) {
            CAPTURE(seed);
            RelayedStreamPlan plan = plan_for(seed);
            plan.program.end = row.program;
            plan.service.end = row.service;
            RelayedStream stream{plan};
            stream.run();
            CHECK(stream.faults() == "");
            CHECK(stream.near_end == RelayEnd::clean);
            CHECK(stream.far_end == RelayEnd::clean);
            CHECK(stream.program->eof_received);
            CHECK(stream.service->eof_received);
        }
    }
}

TEST_CASE("a reset stays a reset, whatever was under way") {
    using End = SimulatedProgram::End;
    struct Row {
        const char* name;
        End program;
        End service;
        RelayEnd near_end;
        RelayEnd far_end;
    };
    for (const Row& row : {
             Row{"of the program", End::resets, End::only_receives, RelayEnd::reset_here,
                 RelayEnd::reset_there},
             Row{"of the service", End::only_receives, End::resets, RelayEnd::reset_there,
                 RelayEnd::reset_here},
         }) {
        CAPTURE(row.name);
        for (std::uint32_t seed = 1; seed <= seeds; ++seed) {
            CAPTURE(seed);
            RelayedStreamPlan plan = plan_for(seed);
            plan.program.end = row.program;
            plan.service.end = row.service;
            RelayedStream stream{plan};
            stream.run();
            CHECK(stream.faults() == "");
            CHECK(stream.near_end == row.near_end);
            CHECK(stream.far_end == row.far_end);
        }
    }
}

namespace {

std::array<std::uint64_t, 2> measured(const RelayedStreamPlan& plan) {
    RelayedStream whole{plan};
    whole.run();
    return {whole.pair.link.carried(0), whole.pair.link.carried(1)};
}

}  // namespace

TEST_CASE("a connection that breaks while a stream is relayed leaves nothing behind") {
    constexpr std::array hows = {LinkCut::How::closed, LinkCut::How::reset, LinkCut::How::silent};
    for (std::uint32_t seed = 1; seed <= seeds; ++seed) {
        CAPTURE(seed);
        const RelayedStreamPlan plan = plan_for(seed);
        const std::array carried = measured(plan);
        std::mt19937 random{seed};
        for (std::size_t lane = 0; lane < 2; ++lane) {
            CAPTURE(lane);
            RelayedStreamPlan broken = plan;
            broken.cut = {lane, random() % carried[lane], hows[random() % hows.size()]};
            CAPTURE(broken.cut->after);
            CAPTURE(std::string{name_of(broken.cut->how)});
            RelayedStream stream{broken};
            stream.run();
            CHECK(stream.faults() == "");
        }
    }
}

namespace {

RelayedStreamPlan short_stream() {
    RelayedStreamPlan plan;
    plan.link.largest_piece = 3000;
    plan.link.longest_delay = std::chrono::milliseconds{5};
    plan.link.send_buffer = 1;
    plan.send_buffer = 1;
    plan.program = {.sends = 30'000, .longest_pause = std::chrono::milliseconds{2}};
    plan.service = {.sends = 20'000,
                    .end = SimulatedProgram::End::answers,
                    .longest_pause = std::chrono::milliseconds{4}};
    return plan;
}

/// False if it was over before so many handlers had run.
bool cancel_after(std::size_t handlers) {
    RelayedStream stream{short_stream()};
    while (stream.pair.handlers() < handlers) {
        if (!stream.pair.step()) return false;
    }
    stream.pair.others.cancel();
    stream.run();
    CHECK(stream.faults() == "");
    return true;
}

}  // namespace

TEST_CASE("relays that are cancelled wherever they wait end, and leave nothing behind") {
    std::size_t handlers = 0;
    for (bool cancelled = true; cancelled; ++handlers) {
        CAPTURE(handlers);
        cancelled = cancel_after(handlers);
    }
    CHECK(handlers > 100);
}

TEST_CASE(
    "whichever allocation of ours fails while a stream is relayed, no end looks clean but is not") {
    const std::size_t failed = for_each_allocation([](std::size_t n) {
        CAPTURE(n);
        RelayedStream stream{short_stream()};
        bool has_failed = false;
        {
            const FailingAllocation failing{n, MayFail::but_asios};
            stream.pair.run();
            has_failed = FailingAllocation::has_failed();
        }
        stream.settle();
        stream.pair.thrown_elsewhere = nullptr;
        CHECK(stream.faults() == "");
        if (!has_failed) CHECK(stream.near_end == RelayEnd::clean);
        return has_failed;
    });
    CHECK(failed > 100);
}
