#include "tests/unit/virtual_time.hpp"

#include <chrono>
#include <thread>
#include <vector>

#include <doctest/doctest.h>
#include <asio/post.hpp>

#include "common/base/error.hpp"
#include "common/net/deadline.hpp"
#include "common/net/event.hpp"
#include "common/net/pause.hpp"
#include "common/net/task_group.hpp"
#include "common/net/timeout.hpp"
#include "tests/unit/common/net/run.hpp"

namespace culvert {
namespace {

using namespace std::chrono_literals;
using test::VirtualRun;
using test::VirtualTime;
using Step = VirtualRun::Step;

TEST_CASE("where nothing is ready the earliest timer is due, and no time passes else") {
    VirtualTime time;
    const TimePoint begun = Clock::now();
    asio::io_context io;
    VirtualRun run{time, io};
    std::vector<int> order;
    Timer day{io.get_executor(), 24h};
    Timer hour{io.get_executor(), 1h};
    Timer past{io.get_executor(), begun - 1s};
    Timer never{io.get_executor(), TimePoint::max()};
    day.async_wait([&](std::error_code) {
        order.push_back(3);
        CHECK(Clock::now() == begun + 24h);
    });
    hour.async_wait([&](std::error_code) {
        order.push_back(2);
        CHECK(Clock::now() == begun + 1h);
    });
    past.async_wait([&](std::error_code) {
        order.push_back(1);
        CHECK(Clock::now() == begun);
    });
    never.async_wait([&](std::error_code) { order.push_back(4); });
    asio::post(io, [&] { order.push_back(0); });
    while (run.step() == Step::ran) {
    }
    CHECK(order == std::vector{0, 1, 2, 3});
    CHECK(run.step() == Step::hung);
    CHECK(run.handlers() == 4);
    never.cancel();
    CHECK(run.step() == Step::ran);
    CHECK(run.step() == Step::over);
}

TEST_CASE("a timer that was cancelled delays no other") {
    VirtualTime time;
    const TimePoint begun = Clock::now();
    asio::io_context io;
    VirtualRun run{time, io};
    Timer early{io.get_executor(), 1s};
    Timer late{io.get_executor(), 3s};
    bool is_due = false;
    early.async_wait([](std::error_code) {});
    late.async_wait([&](std::error_code) { is_due = Clock::now() == begun + 3s; });
    early.cancel();
    early.expires_after(5s);
    early.async_wait([&](std::error_code) { CHECK(is_due); });
    while (run.step() == Step::ran) {
    }
    CHECK(is_due);
    CHECK(Clock::now() == begun + 5s);
}

awaitable<void> waits(Event& never, std::vector<Duration>& took) {
    const Deadline deadline{1h};
    const TimePoint begun = Clock::now();
    CHECK_FALSE(co_await with_timeout(never.wait(), 20min));
    took.push_back(Clock::now() - begun);
    co_await pause(30min);
    took.push_back(Clock::now() - begun);
    CHECK(deadline.left() == 10min);
}

TEST_CASE("time-outs, pauses and deadlines are of this time") {
    VirtualTime time;
    asio::io_context io;
    VirtualRun run{time, io};
    Event never;
    std::vector<Duration> took;
    TaskGroup tasks{io.get_executor(), [](const std::exception_ptr& thrown) {
                        FAIL_CHECK(text_of_exception(thrown));
                    }};
    tasks.spawn(waits(never, took));
    while (run.step() == Step::ran) {
    }
    CHECK(tasks.empty());
    CHECK(took == std::vector<Duration>{20min, 50min});
}

TEST_CASE("other threads, and what comes after, have the system's time") {
    {
        const VirtualTime time;
        const TimePoint virtual_now = Clock::now();
        TimePoint elsewhere;
        std::thread{[&] { elsewhere = Clock::now(); }}.join();
        CHECK(elsewhere != virtual_now);
    }
    const TimePoint before = std::chrono::steady_clock::now();
    const TimePoint now = Clock::now();
    CHECK(now >= before);
    CHECK(now <= std::chrono::steady_clock::now());
}

}  // namespace
}  // namespace culvert
