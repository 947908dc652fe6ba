#include "server/listeners.hpp"

#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "common/base/error.hpp"
#include "common/log/log.hpp"
#include "tests/unit/common/log/captured_stderr.hpp"
#include "tests/unit/common/net/loopback.hpp"
#include "tests/unit/common/net/run.hpp"
#include "tests/unit/server/fake_broker.hpp"

using namespace culvert;

namespace {

using Wanted = std::vector<Endpoint>;

/// What a daemon has of listening, with its brokers of before and after a reload.
struct Listening {
    Listening() { start_log("test"); }

    bool connects_to(const tcp::endpoint& where) {
        std::error_code refused;
        clients.emplace_back(io.get_executor());
        clients.back().connect(where, refused);
        return !refused;
    }

    asio::io_context io;
    test::FakeBroker broker;
    test::FakeBroker next_broker;
    std::size_t accepted = 0;
    std::vector<std::string> errors;
    std::vector<TcpSocket> clients;
    Listeners listeners{
        io.get_executor(), [this](const Accepted&) { ++accepted; },
        [this](const std::exception_ptr& thrown) { errors.push_back(text_of_exception(thrown)); }};
};

tcp::endpoint at(const char* address, std::uint16_t port) {
    return {asio::ip::make_address(address), port};
}

/// All that waits in the kernel has been accepted.
awaitable<void> accept(Listening& daemon, std::size_t all) {
    while (daemon.accepted < all) co_await turn();
}

// What is wanted has a name of its own: GCC 12 destroys braced temporaries in co_await expressions
// wrongly.
awaitable<bool> can_listen(Listening& daemon, Broker& broker, const Wanted& wanted) {
    try {
        co_await daemon.listeners.listen(broker, wanted);
    } catch (const Error&) {
        co_return false;
    }
    co_return true;
}

awaitable<void> fails_to_bind_one(Listening& daemon) {
    Wanted wanted{{"127.0.0.1", 0}};
    const bool before = co_await can_listen(daemon, daemon.broker, wanted);
    CHECK(before);
    const auto bound = daemon.listeners.bound();
    daemon.next_broker.refuse(asio::ip::make_address("127.0.0.3"));
    wanted = {{"127.0.0.2", bound.front().port()}, {"127.0.0.3", 0}, {"127.0.0.4", 0}};
    const bool taken = co_await can_listen(daemon, daemon.next_broker, wanted);
    CHECK_FALSE(taken);
    CHECK(daemon.listeners.bound() == bound);
    // The first had been bound, and isn't any more.
    CHECK(daemon.next_broker.bound() == std::vector{at("127.0.0.2", bound.front().port())});
    CHECK_FALSE(daemon.connects_to(daemon.next_broker.bound().front()));
    CHECK(daemon.connects_to(bound.front()));
    co_await accept(daemon, 1);
    // Nor is there anything to give up.
    co_await daemon.listeners.close_replaced();
    CHECK(daemon.connects_to(bound.front()));
    co_await accept(daemon, 2);
    co_await daemon.listeners.close();
}

awaitable<void> keeps_what_stays(Listening& daemon) {
    daemon.broker.names["gw"] = {"127.0.0.2"};
    Wanted wanted{{"127.0.0.1", 0}, {"gw", 0}};
    co_await daemon.listeners.listen(daemon.broker, wanted);
    CHECK(daemon.broker.resolved == Wanted{{"127.0.0.1", 0}, {"gw", 0}});
    const auto bound = daemon.listeners.bound();

    wanted = {{"gw", 0}, {"127.0.0.3", 0}, {"127.0.0.1", 0}};
    co_await daemon.listeners.listen(daemon.next_broker, wanted);
    co_await daemon.listeners.close_replaced();
    CHECK(daemon.next_broker.resolved == Wanted{{"127.0.0.3", 0}});
    CHECK(daemon.next_broker.bound().size() == 1);
    CHECK(daemon.listeners.bound() ==
          std::vector{bound[1], daemon.next_broker.bound().front(), bound[0]});
    for (const auto& endpoint : daemon.listeners.bound()) CHECK(daemon.connects_to(endpoint));
    co_await accept(daemon, 3);
    co_await daemon.listeners.close();
    for (const auto& endpoint : bound) CHECK_FALSE(daemon.connects_to(endpoint));
}

awaitable<void> replaces(Listening& daemon) {
    Wanted wanted{{"127.0.0.1", 0}};
    co_await daemon.listeners.listen(daemon.broker, wanted);
    const auto before = daemon.listeners.bound().front();
    wanted = {{"127.0.0.2", 0}};
    co_await daemon.listeners.listen(daemon.next_broker, wanted);
    // Both accept, until the one before is closed; what waits in the kernel then is taken first.
    CHECK(daemon.connects_to(before));
    CHECK(daemon.connects_to(daemon.listeners.bound().front()));
    co_await accept(daemon, 2);
    CHECK(daemon.connects_to(before));
    CHECK(daemon.accepted == 2);
    co_await daemon.listeners.close_replaced();
    CHECK(daemon.accepted == 3);
    CHECK_FALSE(daemon.connects_to(before));
    co_await daemon.listeners.close();
}

awaitable<void> widens_and_narrows(Listening& daemon) {
    Wanted wanted{{"127.0.0.1", 0}};
    co_await daemon.listeners.listen(daemon.broker, wanted);
    const auto bound = daemon.listeners.bound().front();
    std::size_t connected = 0;
    for (const std::string host : {"0.0.0.0", "127.0.0.1", "gw", "127.0.0.1"}) {
        CAPTURE(host);
        daemon.next_broker.names["gw"] = {"127.0.0.1", "127.0.0.2"};
        CHECK(daemon.connects_to(bound));  // and waits in the kernel
        wanted = {{host, bound.port()}};
        co_await daemon.listeners.listen(daemon.next_broker, wanted);
        CHECK(daemon.connects_to(bound));
        co_await daemon.listeners.close_replaced();
        CHECK(daemon.connects_to(bound));
        connected += 3;
        co_await accept(daemon, connected);
    }
    co_await daemon.listeners.close();
}

awaitable<void> says_what_changes(Listening& daemon, std::uint16_t& port) {
    Wanted wanted{{"127.0.0.1", 0}};
    co_await daemon.listeners.listen(daemon.broker, wanted);
    port = daemon.listeners.bound().front().port();
    wanted = {{"127.0.0.1", port}, {"127.0.0.2", port}};
    co_await daemon.listeners.listen(daemon.broker, wanted);
    co_await daemon.listeners.close_replaced();
    wanted = {{"0.0.0.0", port}, {"127.0.0.1", port}, {"127.0.0.2", port}};
    co_await daemon.listeners.listen(daemon.broker, wanted);
    co_await daemon.listeners.close_replaced();
    wanted = {{"127.0.0.1", port}};
    co_await daemon.listeners.listen(daemon.broker, wanted);
    co_await daemon.listeners.close_replaced();
    co_await daemon.listeners.close();
}

awaitable<void> stops_accepting(Listening& daemon) {
    Wanted wanted{{"127.0.0.1", 0}};
    co_await daemon.listeners.listen(daemon.broker, wanted);
    // As if the kernel had taken the socket away.
    ::shutdown(daemon.broker.last_descriptor, SHUT_RD);
    while (daemon.errors.empty()) co_await turn();
    co_await daemon.listeners.close();
}

}  // namespace

TEST_CASE("a reload of which one address can't be bound leaves all as it was") {
    Listening daemon;
    run(daemon.io, fails_to_bind_one(daemon));
    CHECK(daemon.errors.empty());
}

TEST_CASE("an entry that stays is neither looked up nor bound again") {
    Listening daemon;
    run(daemon.io, keeps_what_stays(daemon));
    CHECK(daemon.errors.empty());
}

TEST_CASE("an entry that goes accepts until then, what waits in the kernel, too") {
    Listening daemon;
    run(daemon.io, replaces(daemon));
    CHECK(daemon.errors.empty());
}

TEST_CASE("an address that another entry has as well stays open all the time") {
    Listening daemon;
    run(daemon.io, widens_and_narrows(daemon));
    CHECK(daemon.errors.empty());
}

TEST_CASE("each address that comes or goes has a line, and so has what another one covers") {
    test::CapturedStderr captured;
    Listening daemon;
    std::uint16_t port = 0;
    run(daemon.io, says_what_changes(daemon, port));
    CHECK(captured.text() == fmt::format("test: listening on 127.0.0.1:{0}\n"
                                         "test: listening on 127.0.0.2:{0}\n"
                                         "test: listen: 0.0.0.0:{0} covers 127.0.0.1:{0}\n"
                                         "test: listen: 0.0.0.0:{0} covers 127.0.0.2:{0}\n"
                                         "test: listening on 0.0.0.0:{0}\n"
                                         "test: no longer listening on 0.0.0.0:{0}\n"
                                         "test: no longer listening on 127.0.0.2:{0}\n",
                                         port));
}

TEST_CASE("a listening socket that fails is reported") {
    Listening daemon;
    run(daemon.io, stops_accepting(daemon));
    REQUIRE(daemon.errors.size() == 1);
    CHECK(daemon.errors.front().find("can't accept: ") != std::string::npos);
}
