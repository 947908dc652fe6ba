#include "common/net/lookup_pool.hpp"

#include <netdb.h>

#include <array>
#include <memory>
#include <new>
#include <string>
#include <thread>
#include <vector>

#include <asio/io_context.hpp>

#include "common/base/error.hpp"
#include "common/net/task_group.hpp"
#include "tests/unit/common/net/gate.hpp"
#include "tests/unit/common/net/run.hpp"

namespace culvert {
namespace {

using namespace std::chrono_literals;
using Errors = std::vector<int>;

awaitable<void> ask(LookupPool& pool, std::string host, Errors& errors,
                    AddressFamily family = AddressFamily::any) {
    const auto answer = co_await pool.look_up(std::move(host), family);
    errors.push_back(answer->error);
}

TaskGroup::OnError unexpected() {
    return [](const std::exception_ptr& thrown) { FAIL_CHECK(text_of_exception(thrown)); };
}

awaitable<void> asks_beside_dead_names(LookupPool& pool, Gate& gate) {
    TaskGroup group{co_await asio::this_coro::executor, unexpected()};
    Errors dead;
    for (int i = 0; i < 3; ++i) group.spawn(ask(pool, "dead" + std::to_string(i), dead));
    Errors live;
    co_await ask(pool, "live", live);
    CHECK(live == Errors{0});
    CHECK(dead.empty());
    gate.open();
    while (!group.empty()) co_await turn();
    CHECK(dead == Errors{0, 0, 0});
}

TEST_CASE("a name that gets no answer delays no other one") {
    asio::io_context io;
    const auto gate = std::make_shared<Gate>();
    LookupPool pool{{}, Gate::function(gate)};
    run(io, asks_beside_dead_names(pool, *gate));
    CHECK(pool.threads() == 4);
}

awaitable<void> asks_one_after_the_other(LookupPool& pool) {
    Errors errors;
    for (int i = 0; i < 10; ++i) co_await ask(pool, "live" + std::to_string(i), errors);
    CHECK(errors == Errors(10, 0));
}

TEST_CASE("a thread that is idle is used again, and ends after a while") {
    asio::io_context io;
    const auto gate = std::make_shared<Gate>();
    {
        LookupPool pool{{}, Gate::function(gate)};
        run(io, asks_one_after_the_other(pool));
        CHECK(pool.threads() == 1);
    }
    LookupPool short_lived{{32, 1024, 1ms}, Gate::function(gate)};
    run(io, asks_one_after_the_other(short_lived));
    while (short_lived.threads() > 0) std::this_thread::yield();
}

awaitable<void> asks_the_same(LookupPool& pool, Gate& gate, Errors& errors) {
    TaskGroup group{co_await asio::this_coro::executor, unexpected()};
    TaskGroup cancelled{group.executor(), unexpected()};
    cancelled.spawn(ask(pool, "dead", errors));
    group.spawn(ask(pool, "dead", errors));
    group.spawn(ask(pool, "dead", errors));
    group.spawn(ask(pool, "dead", errors, AddressFamily::v6));
    co_await cancelled.join();
    gate.open();
    while (!group.empty()) co_await turn();
}

TEST_CASE("the same name and family is looked up once for all who ask, whoever goes") {
    asio::io_context io;
    const auto gate = std::make_shared<Gate>();
    LookupPool pool{{}, Gate::function(gate)};
    Errors errors;
    run(io, asks_the_same(pool, *gate, errors));
    CHECK(errors == Errors{0, 0, 0});
    CHECK(gate->calls("dead") == 2);
}

awaitable<void> asks_too_much(LookupPool& pool, Gate& gate) {
    TaskGroup group{co_await asio::this_coro::executor, unexpected()};
    TaskGroup queued{group.executor(), unexpected()};
    Errors errors;
    group.spawn(ask(pool, "dead0", errors));
    group.spawn(ask(pool, "dead1", errors));
    queued.spawn(ask(pool, "dead2", errors));
    co_await ask(pool, "dead3", errors);
    CHECK(errors == Errors{EAI_AGAIN});
    CHECK(pool.threads() == 2);

    // One that nobody waits for any more makes room, and isn't looked up.
    co_await queued.join();
    group.spawn(ask(pool, "dead4", errors));
    gate.open();
    while (!group.empty()) co_await turn();
    CHECK(errors == Errors{EAI_AGAIN, 0, 0, 0});
    CHECK(gate.calls("dead2") == 0);
    CHECK(gate.calls("dead3") == 0);
    CHECK(gate.calls("dead4") == 1);
}

TEST_CASE("threads and queue are bounded, and a cancelled look-up leaves the queue") {
    asio::io_context io;
    const auto gate = std::make_shared<Gate>();
    LookupPool pool{{2, 1, 10s}, Gate::function(gate)};
    run(io, asks_too_much(pool, *gate));
}

awaitable<void> gives_up(LookupPool& pool, Gate& gate) {
    TaskGroup group{co_await asio::this_coro::executor, unexpected()};
    Errors errors;
    group.spawn(ask(pool, "dead", errors));
    gate.wait_for_call("dead");
    co_await group.join();
    CHECK(errors.empty());
}

TEST_CASE("a pool goes without waiting for a thread that is stuck") {
    const auto gate = std::make_shared<Gate>();
    {
        asio::io_context io;
        LookupPool pool{{}, Gate::function(gate)};
        run(io, gives_up(pool, *gate));
    }
    gate->open();
}

TEST_CASE("a closed pool may outlast the io_contexts of its callers") {
    const auto gate = std::make_shared<Gate>();
    LookupPool pool{{}, Gate::function(gate)};
    {
        asio::io_context io;
        run(io, gives_up(pool, *gate));
        run(io, asks_one_after_the_other(pool));
        pool.close();
    }
    gate->open();  // its answer has nowhere to go
    while (pool.threads() > 0) std::this_thread::yield();
}

TEST_CASE("a look-up function that throws is a failed look-up") {
    asio::io_context io;
    LookupPool pool{{},
                    [](const std::string&, AddressFamily) -> Lookup { throw std::bad_alloc{}; }};
    Errors errors;
    run(io, ask(pool, "any", errors));
    CHECK(errors == Errors{EAI_MEMORY});
}

awaitable<void> asks_often(LookupPool& pool, bool& own_thread) {
    const auto thread = std::this_thread::get_id();
    for (int i = 0; i < 200; ++i) {
        const auto answer =
            co_await pool.look_up("live" + std::to_string(i % 3), AddressFamily::any);
        own_thread = own_thread && thread == std::this_thread::get_id() && answer->error == 0;
    }
}

TEST_CASE("callers on several threads share the pool and go on on their own thread") {
    const auto gate = std::make_shared<Gate>();
    std::array<asio::io_context, 3> contexts;  // they outlast the pool, which posts to them
    std::array<bool, 3> own_thread{true, true, true};
    LookupPool pool{{4, 1024, 10s}, Gate::function(gate)};
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < contexts.size(); ++i) {
        threads.emplace_back([&, i] { run(contexts[i], asks_often(pool, own_thread[i])); });
    }
    for (auto& thread : threads) thread.join();
    CHECK(own_thread == std::array{true, true, true});
}

}  // namespace
}  // namespace culvert
