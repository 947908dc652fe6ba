#include "common/net/run_on.hpp"

#include <sched.h>
#include <time.h>

#include <atomic>
#include <memory>
#include <stdexcept>
#include <thread>
#include <vector>

#include <asio/io_context.hpp>

#include "common/base/error.hpp"
#include "common/net/event.hpp"
#include "common/net/io_thread.hpp"
#include "common/net/pause.hpp"
#include "common/net/task_group.hpp"
#include "tests/unit/common/net/run.hpp"

namespace culvert {
namespace {

using namespace std::chrono_literals;

awaitable<std::thread::id> thread_of_this() {
    co_await pause(1ms);
    co_return std::this_thread::get_id();
}

awaitable<void> fail() {
    co_await pause(1ms);
    throw std::runtime_error{"refused"};
}

/// Until it is cancelled; then it says where that was.
awaitable<void> hang(std::atomic<bool>& begun, std::thread::id& cancelled_on) {
    begun = true;
    Event never;
    try {
        co_await never.wait();
    } catch (const std::system_error&) {
        cancelled_on = std::this_thread::get_id();
        throw;
    }
}

awaitable<std::unique_ptr<int>> value() { co_return std::make_unique<int>(7); }

}  // namespace

TEST_CASE("an operation runs on the other thread, and its caller goes on here") {
    asio::io_context io;
    IoThread other{[](const std::exception_ptr& thrown) { FAIL_CHECK(text_of_exception(thrown)); }};
    const auto test = [](IoThread& thread) -> awaitable<void> {
        const auto here = std::this_thread::get_id();
        const auto there = co_await run_on(thread.executor(), thread_of_this());
        CHECK(there != here);
        CHECK(std::this_thread::get_id() == here);
        CHECK(*co_await run_on(thread.executor(), value()) == 7);
    };
    run(io, test(other));
}

TEST_CASE("on the caller's own executor it is simply awaited") {
    asio::io_context io;
    const auto test = [](asio::io_context& here) -> awaitable<void> {
        const auto id = co_await run_on(here.get_executor(), thread_of_this());
        CHECK(id == std::this_thread::get_id());
    };
    run(io, test(io));
}

TEST_CASE("what it throws there is thrown here") {
    asio::io_context io;
    IoThread other{[](const std::exception_ptr& thrown) { FAIL_CHECK(text_of_exception(thrown)); }};
    const auto test = [](IoThread& thread) -> awaitable<void> {
        std::string text;
        try {
            co_await run_on(thread.executor(), fail());
        } catch (const std::runtime_error& error) {
            text = error.what();
        }
        CHECK(text == "refused");
    };
    run(io, test(other));
}

TEST_CASE("a cancellation reaches it on its own thread, and it is waited for") {
    asio::io_context io;
    IoThread other{[](const std::exception_ptr& thrown) { FAIL_CHECK(text_of_exception(thrown)); }};
    const auto test = [](IoThread& thread) -> awaitable<void> {
        const auto there = co_await run_on(thread.executor(), thread_of_this());
        // Begun and ended so often that the cancellation finds it at every point of its way.
        for (int i = 0; i < 200; ++i) {
            std::atomic<bool> begun = false;
            std::thread::id cancelled_on;
            TaskGroup tasks{
                co_await asio::this_coro::executor,
                [](const std::exception_ptr& thrown) { FAIL_CHECK(text_of_exception(thrown)); }};
            tasks.spawn(run_on(thread.executor(), hang(begun, cancelled_on)));
            const bool waits = i % 4 == 1;
            if (i % 2 == 0) co_await pause(std::chrono::microseconds{i});
            while (waits && !begun) co_await turn();
            co_await tasks.join();
            const bool is_known = cancelled_on == std::thread::id{} || cancelled_on == there;
            CHECK(is_known);
            if (waits) CHECK(cancelled_on == there);
        }
    };
    run(io, test(other));
}

TEST_CASE("a thread that waits for a CPU is busy, and one that has no work isn't") {
    asio::io_context io;
    IoThread other{[](const std::exception_ptr& thrown) { FAIL_CHECK(text_of_exception(thrown)); }};
    const auto stay_on_cpu_0 = [] {
        cpu_set_t cpus;
        CPU_ZERO(&cpus);
        CPU_SET(0, &cpus);
        ::sched_setaffinity(0, sizeof cpus, &cpus);  // where it may not, there is nothing to see
    };
    std::atomic<bool> over{false};
    std::atomic<int> began{0};
    Duration busy{}, ran{};
    const auto spin = [&]() -> awaitable<void> {
        stay_on_cpu_0();
        while (began < 3) std::this_thread::yield();
        const Duration before = other.busy_time();
        const auto cpu = [] {
            timespec now{};
            ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
            return std::chrono::seconds{now.tv_sec} + std::chrono::nanoseconds{now.tv_nsec};
        };
        const Duration ran_before = cpu();
        while (cpu() - ran_before < 50ms) {
        }
        ran = cpu() - ran_before;
        busy = other.busy_time() - before;
        over = true;
        co_return;
    };
    // Three others want the same CPU.
    std::vector<std::jthread> rivals;
    for (int i = 0; i < 3; ++i) {
        rivals.emplace_back([&] {
            stay_on_cpu_0();
            ++began;
            while (!over) {
            }
        });
    }
    Duration idle{};
    const auto test = [&](awaitable<void> work) -> awaitable<void> {
        co_await run_on(other.executor(), std::move(work));
        const Duration before = other.busy_time();
        co_await pause(20ms);  // on this thread; the other one has nothing to do
        idle = other.busy_time() - before;
    };
    run(io, test(spin()));
    CHECK(busy > 2 * ran);
    CHECK(idle < 15ms);
}

}  // namespace culvert
