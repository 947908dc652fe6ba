#include "common/net/task_group.hpp"

#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include <asio/io_context.hpp>
#include <asio/post.hpp>

#include "tests/unit/common/net/run.hpp"

namespace culvert {
namespace {

awaitable<void> wait_for(Event& event) { co_await event.wait(); }

awaitable<void> own_event(std::shared_ptr<int> held) {
    Event never;
    co_await never.wait();
    (void)held;
}

awaitable<void> fail(std::string text) {
    co_await turn();
    throw std::runtime_error{text};
}

awaitable<void> fail_at_once(std::string text) {
    throw std::runtime_error{text};
    co_return;
}

/// Collects what tasks threw.
class Errors {
public:
    TaskGroup::OnError collect() {
        return [this](std::exception_ptr thrown) {
            try {
                std::rethrow_exception(thrown);
            } catch (const std::exception& error) {
                texts.emplace_back(error.what());
            }
        };
    }
    std::vector<std::string> texts;
};

awaitable<void> spawns_many(Errors& errors) {
    TaskGroup group{co_await asio::this_coro::executor, errors.collect()};
    const auto held = std::make_shared<int>();
    for (int i = 0; i < 10'000; ++i) group.spawn(own_event(held));
    CHECK(group.size() == 10'000);
    CHECK(held.use_count() == 10'001);
    co_await group.join();
    CHECK(group.empty());
    CHECK(held.use_count() == 1);
}

TEST_CASE("join cancels ten thousand tasks and returns when their frames are gone") {
    asio::io_context io;
    Errors errors;
    run(io, spawns_many(errors));
    CHECK(errors.texts.empty());
}

awaitable<void> spawns_failing(Errors& errors) {
    TaskGroup group{co_await asio::this_coro::executor, errors.collect()};
    Event waiting;
    group.spawn(fail_at_once("first"));
    group.spawn(wait_for(waiting));
    group.spawn(fail("second"));
    CHECK(errors.texts.empty());
    while (group.size() > 1) co_await turn();
    CHECK(errors.texts == std::vector<std::string>{"first", "second"});
    co_await group.join();
}

TEST_CASE("what a task throws is reported as it ends, and leaves the others alone") {
    asio::io_context io;
    Errors errors;
    run(io, spawns_failing(errors));
    CHECK(errors.texts.size() == 2);
}

awaitable<void> abort() {
    co_await turn();
    throw std::system_error{asio::error::operation_aborted};
}

awaitable<void> abort_when_cancelled(Event& event) {
    try {
        co_await event.wait();
    } catch (const std::system_error&) {
        throw std::runtime_error{"half done"};
    }
}

awaitable<void> spawns_aborting(Errors& errors) {
    TaskGroup group{co_await asio::this_coro::executor, errors.collect()};
    Event event;
    group.spawn(abort());
    while (!group.empty()) co_await turn();
    CHECK(errors.texts.size() == 1);
    group.spawn(abort_when_cancelled(event));
    co_await group.join();
    REQUIRE(errors.texts.size() == 2);
    CHECK(errors.texts[1] == "half done");
}

TEST_CASE("operation_aborted is an error unless the group cancelled, other failures always are") {
    asio::io_context io;
    Errors errors;
    run(io, spawns_aborting(errors));
}

awaitable<void> spawn_successor(TaskGroup& group, Event& event) {
    try {
        co_await event.wait();
    } catch (const std::system_error&) {
        group.spawn(wait_for(event));
        throw;
    }
}

awaitable<void> joins_spawning_tasks(Errors& errors) {
    TaskGroup group{co_await asio::this_coro::executor, errors.collect()};
    Event event;
    group.spawn(spawn_successor(group, event));
    co_await group.join();
    CHECK(group.empty());
    group.spawn(wait_for(event));
    CHECK(group.size() == 1);
    CHECK(event.has_waiter());
    co_await group.join();
}

TEST_CASE("a task spawned during a join is cancelled too; afterwards the group can go on") {
    asio::io_context io;
    Errors errors;
    run(io, joins_spawning_tasks(errors));
    CHECK(errors.texts.empty());
}

awaitable<void> end_slowly(Event& event, int turns, bool& ended) {
    try {
        co_await event.wait();
    } catch (const std::system_error&) {
    }
    co_await uncancellable();
    for (int i = 0; i < turns; ++i) co_await turn();
    ended = true;
}

awaitable<void> owner(Errors& errors, bool& task_ended, bool& joined, bool& went_on) {
    TaskGroup group{co_await asio::this_coro::executor, errors.collect()};
    Event event;
    group.spawn(end_slowly(event, 5, task_ended));
    co_await group.join();
    joined = task_ended;
    co_await turn();
    went_on = true;
}

awaitable<void> cancels_the_joiner(Errors& errors, bool& joined, bool& went_on) {
    TaskGroup outer{co_await asio::this_coro::executor, errors.collect()};
    bool task_ended = false;
    outer.spawn(owner(errors, task_ended, joined, went_on));
    outer.cancel();
    co_await outer.join();
}

TEST_CASE("cancelling the one who joins doesn't cut the join short, and is found after it") {
    asio::io_context io;
    Errors errors;
    bool joined = false;
    bool went_on = false;
    run(io, cancels_the_joiner(errors, joined, went_on));
    CHECK(joined);
    CHECK_FALSE(went_on);
    CHECK(errors.texts.empty());
}

awaitable<void> end_with_a_late_successor(TaskGroup& group, Event& event, bool& ended) {
    try {
        co_await event.wait();
    } catch (const std::system_error&) {
    }
    // Spawned after this task's end, before the one who joins hears of it.
    asio::post(group.executor(), [&] { group.spawn(end_slowly(event, 5, ended)); });
}

awaitable<void> owner_of_successors(Errors& errors, bool& joined) {
    TaskGroup group{co_await asio::this_coro::executor, errors.collect()};
    Event event;
    bool ended = false;
    group.spawn(end_with_a_late_successor(group, event, ended));
    co_await group.join();
    joined = ended;
}

awaitable<void> cancels_the_owner(Errors& errors, bool& joined) {
    TaskGroup outer{co_await asio::this_coro::executor, errors.collect()};
    outer.spawn(owner_of_successors(errors, joined));
    co_await outer.join();
}

TEST_CASE("a cancelled join waits also for a task spawned after the last one's end") {
    asio::io_context io;
    Errors errors;
    bool joined = false;
    run(io, cancels_the_owner(errors, joined));
    CHECK(joined);
    CHECK(errors.texts.empty());
}

awaitable<void> cleans_up(Errors& errors, Event& event, bool& cleaned) {
    TaskGroup group{co_await asio::this_coro::executor, errors.collect()};
    Event inner;
    group.spawn(wait_for(inner));
    std::exception_ptr thrown;
    try {
        co_await event.wait();
    } catch (...) {
        thrown = std::current_exception();
    }
    co_await uncancellable();
    co_await group.join();
    cleaned = group.empty();
    std::rethrow_exception(thrown);
}

awaitable<void> cancels_before_the_join(Errors& errors, bool& cleaned) {
    TaskGroup outer{co_await asio::this_coro::executor, errors.collect()};
    Event event;
    outer.spawn(cleans_up(errors, event, cleaned));
    co_await outer.join();
}

TEST_CASE("a coroutine that was cancelled joins its group after uncancellable()") {
    asio::io_context io;
    Errors errors;
    bool cleaned = false;
    run(io, cancels_before_the_join(errors, cleaned));
    CHECK(cleaned);
    CHECK(errors.texts.empty());
}

}  // namespace
}  // namespace culvert
