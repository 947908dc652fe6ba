#include "common/net/both.hpp"

#include <stdexcept>
#include <string>
#include <vector>

#include <asio/io_context.hpp>
#include <asio/post.hpp>

#include "common/base/error.hpp"
#include "common/net/event.hpp"
#include "common/net/task_group.hpp"
#include "tests/unit/common/net/run.hpp"

namespace culvert {
namespace {

awaitable<void> turns(int count) {
    for (int i = 0; i < count; ++i) co_await asio::post(use_awaitable);
}

awaitable<void> succeed(int after) { co_await turns(after); }

awaitable<void> fail(int after, std::string text) {
    co_await turns(after);
    throw std::runtime_error{text};
}

awaitable<void> hang(std::string& how_it_ended) {
    Event never;
    try {
        co_await never.wait();
    } catch (const std::system_error&) {
        how_it_ended = "cancelled";
    }
    co_await uncancellable();
    co_await turns(3);
    how_it_ended += ", cleaned up";
}

awaitable<std::string> outcome(awaitable<void> first, awaitable<void> second) {
    try {
        co_await both(std::move(first), std::move(second));
    } catch (const std::exception& error) {
        co_return error.what();
    }
    co_return "ended";
}

awaitable<void> check_outcomes() {
    CHECK(co_await outcome(succeed(0), succeed(0)) == "ended");
    CHECK(co_await outcome(succeed(5), succeed(1)) == "ended");
    CHECK(co_await outcome(fail(0, "a"), succeed(0)) == "a");
    CHECK(co_await outcome(succeed(0), fail(3, "b")) == "b");
    // && of asio::experimental would say "a" to all of these.
    CHECK(co_await outcome(fail(5, "a"), fail(1, "b")) == "b");
    CHECK(co_await outcome(fail(1, "a"), fail(5, "b")) == "a");
}

TEST_CASE("both ends when both have ended and throws the failure that came first") {
    asio::io_context io;
    run(io, check_outcomes());
}

awaitable<void> fails_beside_hanging(std::string& first, std::string& second) {
    CHECK(co_await outcome(hang(first), fail(2, "b")) == "b");
    CHECK(first == "cancelled, cleaned up");
    CHECK(co_await outcome(fail(0, "a"), hang(second)) == "a");
    CHECK(second == "cancelled, cleaned up");
}

TEST_CASE("a failure cancels the other half and waits for its end") {
    asio::io_context io;
    std::string first;
    std::string second;
    run(io, fails_beside_hanging(first, second));
}

awaitable<void> cancels_both(std::string& first, std::string& second) {
    bool failed = false;
    TaskGroup group{co_await asio::this_coro::executor, [&](std::exception_ptr) { failed = true; }};
    group.spawn(both(hang(first), hang(second)));
    co_await group.join();
    CHECK_FALSE(failed);
}

TEST_CASE("cancelling both cancels each half and waits for them") {
    asio::io_context io;
    std::string first;
    std::string second;
    run(io, cancels_both(first, second));
    CHECK(first == "cancelled, cleaned up");
    CHECK(second == "cancelled, cleaned up");
}

awaitable<void> cancel(TaskGroup& group) {
    group.cancel();
    co_return;
}

awaitable<void> first_half_cancels_the_whole(std::string& second) {
    TaskGroup group{co_await asio::this_coro::executor, [](const std::exception_ptr& thrown) {
                        FAIL_CHECK(text_of_exception(thrown));
                    }};
    group.spawn(both(cancel(group), hang(second)));
    while (!group.empty()) co_await turns(1);
}

TEST_CASE("a cancellation from within the first half reaches the second, not yet begun") {
    asio::io_context io;
    std::string second;
    run(io, first_half_cancels_the_whole(second));
    CHECK(second == "cancelled, cleaned up");
}

}  // namespace
}  // namespace culvert
