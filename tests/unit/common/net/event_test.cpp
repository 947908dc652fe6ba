#include "common/net/event.hpp"

#include <string>
#include <vector>

#include <asio/io_context.hpp>
#include <asio/post.hpp>

#include "common/base/error.hpp"
#include "common/net/task_group.hpp"
#include "tests/unit/common/net/run.hpp"

namespace culvert {
namespace {

using Trace = std::vector<std::string>;

awaitable<void> wait_for(Event& event, Trace& trace) {
    try {
        co_await event.wait();
        trace.push_back("woken");
    } catch (const std::system_error& error) {
        trace.push_back(error.code() == asio::error::operation_aborted ? "cancelled" : "failed");
        throw;
    }
}

TaskGroup::OnError unexpected() {
    return [](const std::exception_ptr& thrown) { FAIL_CHECK(text_of_exception(thrown)); };
}

TEST_CASE("an event is two words: thousands of streams hold some each") {
    CHECK(sizeof(Event) == 2 * sizeof(void*));
}

awaitable<void> waits_for_set_event(Event& event, bool& turn_passed, bool& passed_while_waiting) {
    asio::post(co_await asio::this_coro::executor, [&] { turn_passed = true; });
    co_await event.wait();
    passed_while_waiting = turn_passed;
}

TEST_CASE("waiting for a set event goes on in the same turn") {
    asio::io_context io;
    Event event;
    event.set();
    bool turn_passed = false;
    bool passed_while_waiting = true;
    run(io, waits_for_set_event(event, turn_passed, passed_while_waiting));
    CHECK(turn_passed);
    CHECK_FALSE(passed_while_waiting);
    CHECK(event.is_set());
}

awaitable<void> sets_with_a_waiter(Event& event, Trace& trace) {
    TaskGroup group{co_await asio::this_coro::executor, unexpected()};
    group.spawn(wait_for(event, trace));
    CHECK(event.has_waiter());
    event.set();
    trace.push_back("set returned");
    event.reset();
    co_await turn();
    co_await turn();
    trace.push_back("joined");
    co_await group.join();
}

TEST_CASE("set wakes the waiter after the caller's turn, even when it was reset since") {
    asio::io_context io;
    Event event;
    Trace trace;
    run(io, sets_with_a_waiter(event, trace));
    CHECK(trace == Trace{"set returned", "woken", "joined"});
    CHECK_FALSE(event.is_set());
}

awaitable<void> cancels_a_waiter(Event& event, Trace& trace) {
    TaskGroup group{co_await asio::this_coro::executor, unexpected()};
    group.spawn(wait_for(event, trace));
    group.cancel();
    CHECK_FALSE(event.has_waiter());
    group.cancel();
    event.set();  // nobody is there to be woken any more
    co_await group.join();
}

TEST_CASE("a cancelled waiter leaves the event at once, and twice does no harm") {
    asio::io_context io;
    Event event;
    Trace trace;
    run(io, cancels_a_waiter(event, trace));
    CHECK(trace == Trace{"cancelled"});
}

awaitable<void> waits_then_yields(Event& event, Trace& trace) {
    co_await wait_for(event, trace);
    co_await turn();
    trace.push_back("not reached");
}

awaitable<void> sets_then_cancels(Event& event, Event& next, Trace& trace) {
    TaskGroup first{co_await asio::this_coro::executor, unexpected()};
    TaskGroup second{co_await asio::this_coro::executor, unexpected()};
    first.spawn(waits_then_yields(event, trace));
    event.set();
    event.reset();
    second.spawn(wait_for(event, trace));
    first.cancel();  // must not reach the second waiter, which now holds the event
    CHECK(event.has_waiter());
    co_await first.join();
    next.set();
    event.set();
    co_await turn();
    co_await second.join();
}

TEST_CASE("a cancellation after set ends the woken one at its next wait, and no other waiter") {
    asio::io_context io;
    Event event;
    Event next;
    Trace trace;
    run(io, sets_then_cancels(event, next, trace));
    CHECK(trace == Trace{"woken", "woken"});
}

awaitable<void> outlived_by_nobody(Trace& trace) {
    auto event = std::make_unique<Event>();
    TaskGroup group{co_await asio::this_coro::executor, unexpected()};
    group.spawn(wait_for(*event, trace));
    co_await group.join();
    event.reset();
    co_await turn();
}

TEST_CASE("an event may go as soon as its waiter was cancelled and joined") {
    asio::io_context io;
    Trace trace;
    run(io, outlived_by_nobody(trace));
    CHECK(trace == Trace{"cancelled"});
}

awaitable<void> waits_uncancelled(Event& event, Trace& trace) {
    co_await event.wait_uncancelled();
    trace.push_back("woken");
    co_await turn();
    trace.push_back("not reached");
}

awaitable<void> cancels_an_uncancelled_waiter(Event& event, Trace& trace) {
    TaskGroup group{co_await asio::this_coro::executor, unexpected()};
    group.spawn(waits_uncancelled(event, trace));
    group.cancel();
    CHECK(event.has_waiter());
    event.set();
    co_await group.join();
}

TEST_CASE("wait_uncancelled waits on, and the cancellation is found by the next wait") {
    asio::io_context io;
    Event event;
    Trace trace;
    run(io, cancels_an_uncancelled_waiter(event, trace));
    CHECK(trace == Trace{"woken"});
}

awaitable<void> sets_before_the_await(Event& event) {
    awaitable<void> wait = event.wait();
    event.set();
    co_await std::move(wait);
}

TEST_CASE("an event set between wait() and its co_await doesn't hang") {
    asio::io_context io;
    Event event;
    run(io, sets_before_the_await(event));
    CHECK(event.is_set());
}

}  // namespace
}  // namespace culvert
