#include "common/net/listener.hpp"

#include <cerrno>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include <asio/buffer.hpp>
#include <asio/error.hpp>
#include <asio/io_context.hpp>
#include <asio/write.hpp>

#include "common/base/error.hpp"
#include "common/base/time.hpp"
#include "common/net/binding.hpp"
#include "common/net/task_group.hpp"
#include "tests/unit/common/net/loopback.hpp"
#include "tests/unit/common/net/run.hpp"

namespace culvert {
namespace {

using namespace std::chrono_literals;
using Endpoints = std::vector<tcp::endpoint>;

TaskGroup::OnError unexpected() {
    return [](const std::exception_ptr& thrown) { FAIL_CHECK(text_of_exception(thrown)); };
}

std::string error_text(asio::io_context& io, const Endpoints& endpoints) {
    try {
        Listener listener{io.get_executor(), listen_on_all(endpoints)};
    } catch (const Error& error) {
        CHECK(error.kind() == ErrorKind::network);
        return error.what();
    }
    return "no error";
}

awaitable<void> read_where(Resolver& resolver, Endpoint where, AddressFamily family,
                           Endpoints& endpoints) {
    endpoints = co_await listen_endpoints(resolver, where, family, Deadline{1h});
}

TEST_CASE("where to listen, as it is written") {
    const auto v4 = asio::ip::address_v4::any();
    const auto v6 = asio::ip::address_v6::any();
    struct Row {
        const char* host;
        AddressFamily family;
        Endpoints endpoints;
    };
    constexpr auto any = AddressFamily::any;
    constexpr auto v4_only = AddressFamily::v4;
    constexpr auto v6_only = AddressFamily::v6;
    asio::io_context io;
    Resolver resolver{{}, [](const std::string&, AddressFamily) {
                          return Lookup{{asio::ip::make_address("192.0.2.7")}, 0, 0};
                      }};
    for (const Row& row : {
             Row{"localhost", any, {loopback_v4(8), loopback_v6(8)}},
             Row{"localhost", v4_only, {loopback_v4(8)}},
             Row{"localhost", v6_only, {loopback_v6(8)}},
             Row{"", any, {{v4, 8}, {v6, 8}}},
             Row{"*", any, {{v4, 8}, {v6, 8}}},
             Row{"*", v4_only, {{v4, 8}}},
             Row{"*", v6_only, {{v6, 8}}},
             Row{"127.0.0.9", any, {{asio::ip::make_address("127.0.0.9"), 8}}},
             Row{"::", any, {{v6, 8}}},
             Row{"gw", any, {{asio::ip::make_address("192.0.2.7"), 8}}},
         }) {
        CAPTURE(row.host);
        Endpoints endpoints;
        run(io, read_where(resolver, {row.host, 8}, row.family, endpoints));
        CHECK(endpoints == row.endpoints);
    }
}

TEST_CASE("a name to listen on that isn't known is an error that says so") {
    asio::io_context io;
    Resolver resolver{{}, [](const std::string&, AddressFamily) { return Lookup{}; }};
    Endpoints endpoints;
    CHECK_THROWS_WITH_AS(run(io, read_where(resolver, {"gw", 8}, AddressFamily::any, endpoints)),
                         "can't listen: gw:8: name not found", Error);
    CHECK_THROWS_WITH_AS(run(io, read_where(resolver, {"::1", 8}, AddressFamily::v4, endpoints)),
                         "can't listen: [::1]:8: it has no IPv4 address", Error);
}

TEST_CASE("port 0 is one port on both families") {
    asio::io_context io;
    Listener listener{io.get_executor(), listen_on_all({loopback_v4(), loopback_v6()})};
    const Endpoints bound = listener.bound();
    REQUIRE(bound.size() == (has_ipv6() ? 2 : 1));
    CHECK(bound.front().port() != 0);
    CHECK(bound.front().port() == bound.back().port());

    // Nothing takes the port of all addresses from the other family.
    Listener all{io.get_executor(), listen_on_all({{asio::ip::address_v4::any(), 0},
                                                   {asio::ip::address_v6::any(), 0}})};
    CHECK(all.bound().size() >= bound.size());
    CHECK(all.bound().front().port() == all.bound().back().port());
}

TEST_CASE("a port that is never free on the other address ends the search") {
    asio::io_context io;
    CHECK(error_text(io, {loopback_v4(), loopback_v4()}) ==
          "127.0.0.1:0: found no port that is free on all addresses");
}

TEST_CASE("a taken port is an error that names the address, and binds nothing") {
    asio::io_context io;
    const std::string in_use = ": address already in use by another program";
    const Listener taken{io.get_executor(), listen_on_all({loopback_v4()})};
    const auto endpoint = taken.bound().front();
    CHECK(error_text(io, {endpoint}) == to_string(endpoint) + in_use);
    if (!has_ipv6()) return;

    const Listener taken_v6{io.get_executor(), listen_on_all({loopback_v6()})};
    const auto endpoint_v6 = taken_v6.bound().front();
    const auto before = open_descriptors();
    CHECK(error_text(io, {loopback_v4(endpoint_v6.port()), endpoint_v6}) ==
          to_string(endpoint_v6) + in_use);
    CHECK(open_descriptors() == before);
}

TEST_CASE("an address of others may be missing beside one that is there") {
    asio::io_context io;
    const tcp::endpoint elsewhere{asio::ip::make_address("192.0.2.1"), 0};  // RFC 5737
    const Listener listener{io.get_executor(), listen_on_all({elsewhere, loopback_v4()})};
    REQUIRE(listener.bound().size() == 1);
    CHECK(listener.bound().front().address() == loopback_v4().address());
    CHECK(error_text(io, {elsewhere}) == "192.0.2.1:0: this machine doesn't have the address");
}

awaitable<void> connect_clients(Listener& listener, std::vector<Accepted>& accepted,
                                std::vector<TcpSocket>& clients) {
    TaskGroup group{co_await asio::this_coro::executor, unexpected()};
    Listener::Events events{
        [&](Accepted connection) { accepted.push_back(std::move(connection)); }};
    group.spawn(listener.run(events));
    const Endpoints bound = listener.bound();
    for (std::size_t i = 0; i < clients.size(); ++i) {
        co_await clients[i].async_connect(bound[i % bound.size()], use_awaitable);
    }
    while (accepted.size() < clients.size()) co_await turn();
    co_await group.join();
}

TEST_CASE(
    "connections to every address are accepted, in more than one batch and more than one run") {
    asio::io_context io;
    Listener listener{io.get_executor(), listen_on_all({loopback_v4(), loopback_v6()})};
    for (int runs = 0; runs < 2; ++runs) {
        std::vector<Accepted> accepted;
        std::vector<TcpSocket> clients;
        for (int i = 0; i < 150; ++i) clients.emplace_back(io);
        run(io, connect_clients(listener, accepted, clients));

        std::set<std::string> dialled;
        std::set<std::string> seen;
        for (const auto& client : clients) dialled.insert(to_string(client.local_endpoint()));
        for (const auto& connection : accepted) seen.insert(to_string(connection.remote));
        CHECK(seen == dialled);
    }
}

TEST_CASE("a port can be listened on again while an old connection of it still exists") {
    asio::io_context io;
    auto listener = std::make_unique<Listener>(io.get_executor(), listen_on_all({loopback_v4()}));
    const auto endpoint = listener->bound().front();
    std::vector<Accepted> accepted;
    std::vector<TcpSocket> clients;
    clients.emplace_back(io);
    run(io, connect_clients(*listener, accepted, clients));
    listener.reset();
    CHECK(error_text(io, {endpoint}) == "no error");
    accepted.clear();
    clients.clear();  // the server's end closed first and stays in TIME-WAIT
    CHECK(error_text(io, {endpoint}) == "no error");
}

awaitable<void> close_and_take_over(Listener& listener, bool& taken_over) {
    const auto executor = co_await asio::this_coro::executor;
    TaskGroup group{executor, unexpected()};
    group.spawn(listener.run({[](Accepted) { FAIL("nobody has connected"); }}));
    const Endpoints bound = listener.bound();
    listener.close();
    // In the same turn, while run() is still there.
    const Listener next{executor, listen_on_all(bound)};
    taken_over = next.bound() == bound;
    co_await group.join();
}

TEST_CASE("a closed listener leaves its ports at once, also while it is run") {
    asio::io_context io;
    Listener listener{io.get_executor(), listen_on_all({loopback_v4(), loopback_v6()})};
    bool taken_over = false;
    run(io, close_and_take_over(listener, taken_over));
    CHECK(taken_over);
}

awaitable<void> send_hello(StreamSocket& socket) {
    co_await asio::async_write(socket, asio::buffer("hello", 5), use_awaitable);
}

awaitable<void> receive_hello(TcpSocket& socket, std::string& text) {
    text.resize(5);
    co_await socket.async_read_some(asio::buffer(text), use_awaitable);
}

TEST_CASE("an accepted connection can go to another io_context") {
    asio::io_context io;
    asio::io_context other;
    Listener listener{io.get_executor(), listen_on_all({loopback_v4()})};
    std::vector<Accepted> accepted;
    std::vector<TcpSocket> clients;
    clients.emplace_back(io);
    run(io, connect_clients(listener, accepted, clients));

    StreamSocket socket = std::move(accepted.front()).on(other.get_executor());
    tcp::no_delay no_delay;
    socket.get_option(no_delay);
    CHECK(no_delay.value());
    CHECK(socket.remote_endpoint() == clients.front().local_endpoint());
    std::string text;
    run(other, send_hello(socket));
    run(io, receive_hello(clients.front(), text));
    CHECK(text == "hello");
}

/// accept(2), but these errors come first.
Listener::AcceptOne failing_first(std::vector<int> errors) {
    return [errors = std::move(errors), next = std::size_t{0}](TcpAcceptor& acceptor,
                                                               Accepted& accepted) mutable {
        if (next == errors.size()) return Listener::accept_one(acceptor, accepted);
        return std::error_code{errors[next++], asio::error::get_system_category()};
    };
}

awaitable<void> connect_one(Listener& listener, Listener::Events events, std::size_t& accepted) {
    const auto executor = co_await asio::this_coro::executor;
    TaskGroup group{executor, unexpected()};
    events.on_accept = [&](Accepted) { ++accepted; };
    group.spawn(listener.run(events));
    TcpSocket client{executor};
    co_await client.async_connect(listener.bound().front(), use_awaitable);
    while (accepted == 0) co_await turn();
    co_await group.join();
}

TEST_CASE("without descriptors or memory accepting pauses, says so once, and recovers by itself") {
    asio::io_context io;
    Listener listener{io.get_executor(), listen_on_all({loopback_v4()}),
                      failing_first({EMFILE, ENOBUFS})};
    std::vector<int> reasons;
    std::vector<std::size_t> failures;
    Listener::Events events;
    events.on_exhausted = [&](std::error_code reason) { reasons.push_back(reason.value()); };
    events.on_recovered = [&](std::size_t count) { failures.push_back(count); };
    std::size_t accepted = 0;
    const auto start = Clock::now();
    run(io, connect_one(listener, events, accepted));
    CHECK(Clock::now() - start >= 300ms);  // 100 and 200
    CHECK(reasons == std::vector<int>{EMFILE});
    CHECK(failures == std::vector<std::size_t>{2});
    CHECK(accepted == 1);
}

TEST_CASE("a connection that was lost before it could be accepted is passed over") {
    asio::io_context io;
    Listener listener{io.get_executor(), listen_on_all({loopback_v4()}),
                      failing_first({ECONNABORTED, EPROTO})};
    std::size_t accepted = 0;
    run(io, connect_one(listener, {}, accepted));
    CHECK(accepted == 1);
}

awaitable<void> run_alone(Listener& listener) { co_await listener.run({}); }

TEST_CASE("a listening socket that fails is an error that names it") {
    asio::io_context io;
    Listener listener{io.get_executor(), listen_on_all({loopback_v4()}), failing_first({EINVAL})};
    const std::string text =
        to_string(listener.bound().front()) + ": can't accept: invalid argument";
    CHECK_THROWS_WITH_AS(run(io, run_alone(listener)), text.c_str(), Error);
}

awaitable<void> runs(Listener& listener, Listener::Events events) {
    const auto executor = co_await asio::this_coro::executor;
    TcpSocket client{executor};
    co_await client.async_connect(listener.bound().front(), use_awaitable);
    co_await listener.run(events);
}

TEST_CASE("what takes connections ends the run by throwing") {
    asio::io_context io;
    Listener listener{io.get_executor(), listen_on_all({loopback_v4(), loopback_v6()})};
    Listener::Events events;
    events.on_accept = [](Accepted) { throw Error{ErrorKind::internal, "no room"}; };
    CHECK_THROWS_WITH_AS(run(io, runs(listener, events)), "no room", Error);
}

}  // namespace
}  // namespace culvert
