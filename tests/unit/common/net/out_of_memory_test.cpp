#include <functional>
#include <string>
#include <system_error>
#include <vector>

#include <asio/io_context.hpp>
#include <asio/post.hpp>

#include "common/base/error.hpp"
#include "common/net/both.hpp"
#include "common/net/event.hpp"
#include "common/net/io_thread.hpp"
#include "common/net/resume.hpp"
#include "common/net/run_context.hpp"
#include "common/net/run_on.hpp"
#include "common/net/task_group.hpp"
#include "common/net/timeout.hpp"
#include "tests/unit/allocations.hpp"
#include "tests/unit/common/net/run.hpp"

namespace culvert {
namespace {

using test::FailingAllocation;

awaitable<void> wait_for(Event& event) { co_await event.wait(); }

bool says_out_of_memory(const std::exception_ptr& thrown) {
    if (!thrown) return false;
    try {
        std::rethrow_exception(thrown);
    } catch (const std::bad_alloc&) {
        return true;
    } catch (const std::system_error& error) {
        return error.code() == asio::error::no_memory;
    }
}

awaitable<void> wakes_and_cancels() {
    TaskGroup group{co_await asio::this_coro::executor, [](const std::exception_ptr& thrown) {
                        FAIL_CHECK(text_of_exception(thrown));
                    }};
    Event event;
    group.spawn(wait_for(event));
    std::size_t before = test::allocations();
    event.set();
    CHECK(test::allocations() == before);
    event.reset();
    group.spawn(wait_for(event));
    before = test::allocations();
    group.cancel();
    CHECK(test::allocations() == before);
    co_await group.join();
}

TEST_CASE("to wake or cancel a coroutine allocates nothing, so that it cannot fail") {
    asio::io_context io;
    run(io, wakes_and_cancels());
}

/// Two events that what is tried waits for.
using Operation = std::function<awaitable<void>(Event& first, Event& second)>;

awaitable<void> begins_without_memory(const Operation& operation, std::size_t n, bool& failed) {
    Event first;
    Event second;
    std::exception_ptr thrown;
    TaskGroup group{co_await asio::this_coro::executor,
                    [&](std::exception_ptr what) { thrown = std::move(what); }};
    {
        const FailingAllocation failing{n};
        try {
            group.spawn(operation(first, second));
        } catch (const std::bad_alloc&) {
            thrown = std::current_exception();
            CHECK(group.empty());
        }
        failed = FailingAllocation::has_failed();
    }
    first.set();
    second.set();
    for (int i = 0; i < 10; ++i) co_await turn();
    co_await group.join();
    CHECK(says_out_of_memory(thrown) == failed);
}

TEST_CASE("where an allocation fails the operation does not begin, and its caller hears of it") {
    IoThread other{[](const std::exception_ptr& thrown) { FAIL_CHECK(text_of_exception(thrown)); }};
    const std::vector<std::pair<std::string, Operation>> operations = {
        {"wait", [](Event& first, Event&) { return first.wait(); }},
        {"uncancelled wait", [](Event& first, Event&) { return first.wait_uncancelled(); }},
        {"both",
         [](Event& first, Event& second) { return both(wait_for(first), wait_for(second)); }},
        {"time-out",
         [](Event& first, Event&) -> awaitable<void> {
             co_await with_timeout(wait_for(first), std::chrono::hours{1});
         }},
        {"nested",
         [](Event& first, Event& second) -> awaitable<void> {
             co_await with_timeout(both(wait_for(first), wait_for(second)), std::chrono::hours{1});
         }},
        {"other thread", [&](Event&, Event&) { return run_on(other.executor(), turn()); }},
    };
    for (const auto& [name, operation] : operations) {
        CAPTURE(name);
        const std::size_t failures = test::for_each_allocation([&](std::size_t n) {
            CAPTURE(n);
            asio::io_context io;
            bool failed = false;
            run(io, begins_without_memory(operation, n, failed));
            return failed;
        });
        CHECK(failures > 0);
    }
}

awaitable<void> is_dropped() {
    co_await suspend<std::error_code>([](Suspended<std::error_code>) {});
}

awaitable<void> drops_a_task(std::exception_ptr& thrown) {
    TaskGroup group{co_await asio::this_coro::executor,
                    [&](std::exception_ptr what) { thrown = std::move(what); }};
    group.spawn(is_dropped());
    CHECK(group.size() == 1);
    co_await group.join();
}

TEST_CASE("a task whose coroutine is destroyed is over, and its owner hears of it") {
    asio::io_context io;
    std::exception_ptr thrown;
    run(io, drops_a_task(thrown));
    CHECK(says_out_of_memory(thrown));
}

awaitable<void> waits_for_dropped(const Operation& operation, std::exception_ptr& thrown) {
    Event never;
    Event unused;
    try {
        co_await operation(never, unused);
    } catch (...) {
        thrown = std::current_exception();
    }
    CHECK_FALSE(never.has_waiter());
}

TEST_CASE("a coroutine that is destroyed has failed for those that wait for it") {
    const std::vector<std::pair<std::string, Operation>> operations = {
        {"first half", [](Event& never, Event&) { return both(is_dropped(), wait_for(never)); }},
        {"second half", [](Event& never, Event&) { return both(wait_for(never), is_dropped()); }},
        {"time-out",
         [](Event&, Event&) -> awaitable<void> {
             co_await with_timeout(is_dropped(), std::chrono::hours{1});
         }},
        {"nested",
         [](Event& never, Event&) -> awaitable<void> {
             co_await both(both(wait_for(never), is_dropped()), is_dropped());
         }},
    };
    for (const auto& [name, operation] : operations) {
        CAPTURE(name);
        asio::io_context io;
        std::exception_ptr thrown;
        run(io, waits_for_dropped(operation, thrown));
        CHECK(says_out_of_memory(thrown));
    }
}

awaitable<void> fail_once() {
    throw std::runtime_error{"failed"};
    co_return;
}

awaitable<void> fails_to_report() {
    std::string reported;
    TaskGroup group{co_await asio::this_coro::executor, [&](const std::exception_ptr& thrown) {
                        reported += text_of_exception(thrown);
                        throw std::bad_alloc{};
                    }};
    group.spawn(fail_once());
    co_await turn();
    co_await turn();
    CHECK(group.empty());
    CHECK(reported == "failed");
}

TEST_CASE("a failure that can't be reported ends its task alone") {
    asio::io_context io;
    run(io, fails_to_report());
}

TEST_CASE("a handler that throws is reported, and the others run") {
    asio::io_context io;
    std::vector<std::string> texts;
    bool has_run = false;
    asio::post(io, [] { throw std::runtime_error{"one"}; });
    asio::post(io, [] { throw std::bad_alloc{}; });
    asio::post(io, [&] { has_run = true; });
    run_context(io, [&](const std::exception_ptr& thrown) {
        texts.push_back(text_of_exception(thrown));
        if (texts.size() == 2) throw std::bad_alloc{};
    });
    CHECK(has_run);
    CHECK(texts == std::vector<std::string>{"one", "std::bad_alloc"});
}

}  // namespace
}  // namespace culvert
