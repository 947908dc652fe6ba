#include "common/net/timeout.hpp"

#include <memory>
#include <stdexcept>
#include <string>

#include <asio/io_context.hpp>

#include "common/net/event.hpp"
#include "common/net/task_group.hpp"
#include "tests/unit/common/net/run.hpp"

namespace culvert {
namespace {

using namespace std::chrono_literals;

/// Has no default constructor, as a socket.
struct Value {
    explicit Value(int n) : number{std::make_unique<int>(n)} {}
    std::unique_ptr<int> number;
};

awaitable<Value> value() {
    co_await turn();
    co_return Value{7};
}

awaitable<Value> value_at_the_last_moment() {
    Event never;
    try {
        co_await never.wait();
    } catch (const std::system_error&) {
    }
    co_return Value{8};
}

awaitable<Value> fail() {
    co_await turn();
    throw std::runtime_error{"refused"};
}

awaitable<Value> fail_when_cancelled() {
    Event never;
    try {
        co_await never.wait();
    } catch (const std::system_error&) {
        throw std::runtime_error{"half done"};
    }
    co_return Value{0};
}

awaitable<void> hang(bool& cleaned_up) {
    Event never;
    std::exception_ptr thrown;
    try {
        co_await never.wait();
    } catch (...) {
        thrown = std::current_exception();
    }
    co_await uncancellable();
    co_await turn();
    cleaned_up = true;
    std::rethrow_exception(thrown);
}

awaitable<Value> hang_for_value() {
    bool cleaned_up = false;
    co_await hang(cleaned_up);
    co_return Value{9};
}

awaitable<std::string> outcome(awaitable<Value> operation, Duration limit) {
    try {
        const auto result = co_await with_timeout(std::move(operation), limit);
        co_return result ? std::to_string(*result->number) : "timed out";
    } catch (const std::exception& error) {
        co_return error.what();
    }
}

awaitable<void> check_outcomes() {
    CHECK(co_await outcome(value(), 1h) == "7");
    CHECK(co_await outcome(value(), Duration::max()) == "7");
    CHECK(co_await outcome(fail(), 1h) == "refused");
    CHECK(co_await outcome(hang_for_value(), 1ms) == "timed out");
    CHECK(co_await outcome(hang_for_value(), 0ms) == "timed out");
    CHECK(co_await outcome(value_at_the_last_moment(), 1ms) == "8");
    CHECK(co_await outcome(fail_when_cancelled(), 1ms) == "half done");
}

TEST_CASE("a result, a failure and the end of the time are told apart") {
    asio::io_context io;
    run(io, check_outcomes());
}

awaitable<void> times_out_without_value(bool& cleaned_up) {
    CHECK_FALSE(co_await with_timeout(hang(cleaned_up), 1ms));
    CHECK(cleaned_up);
    CHECK(co_await with_timeout(turn(), 1h));
}

TEST_CASE("an operation that timed out is cancelled and waited for") {
    asio::io_context io;
    bool cleaned_up = false;
    run(io, times_out_without_value(cleaned_up));
}

awaitable<void> with_long_timeout(bool& cleaned_up, bool& went_on) {
    co_await with_timeout(hang(cleaned_up), 1h);
    went_on = true;
}

awaitable<void> cancels_the_timed(bool& cleaned_up, bool& went_on) {
    bool failed = false;
    TaskGroup group{co_await asio::this_coro::executor, [&](std::exception_ptr) { failed = true; }};
    group.spawn(with_long_timeout(cleaned_up, went_on));
    co_await group.join();
    CHECK_FALSE(failed);
}

TEST_CASE("a cancellation from outside is no time-out") {
    asio::io_context io;
    bool cleaned_up = false;
    bool went_on = false;
    run(io, cancels_the_timed(cleaned_up, went_on));
    CHECK(cleaned_up);
    CHECK_FALSE(went_on);
}

}  // namespace
}  // namespace culvert
