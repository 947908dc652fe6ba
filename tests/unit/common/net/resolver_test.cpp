#include "common/net/resolver.hpp"

#include <netdb.h>

#include <cerrno>
#include <memory>
#include <string>

#include <asio/io_context.hpp>

#include "common/base/error.hpp"
#include "common/net/task_group.hpp"
#include "tests/unit/common/net/gate.hpp"
#include "tests/unit/common/net/run.hpp"

namespace culvert {
namespace {

using namespace std::chrono_literals;
using Kind = DialFailure::Kind;
using asio::ip::make_address;

std::string text_of(const Resolved& resolved) {
    if (const auto* failure = std::get_if<DialFailure>(&resolved)) return failure->text;
    std::string text;
    for (const auto& endpoint : std::get<0>(resolved)) {
        text += (text.empty() ? "" : " ") + to_string(endpoint);
    }
    return text;
}

awaitable<Resolved> resolve(Resolver& resolver, std::string host, AddressFamily family,
                            Duration limit = 1h) {
    return resolver.resolve(std::move(host), 110, family, Deadline{limit});
}

struct Row {
    const char* name;
    std::string host;
    AddressFamily family;
    std::string text;
};

awaitable<void> check_row(Resolver& resolver, const Row& row) {
    CAPTURE(row.name);
    const Resolved resolved = co_await resolve(resolver, row.host, row.family);
    CHECK(text_of(resolved) == row.text);
}

TEST_CASE("what can be answered at once never reaches the name service") {
    asio::io_context io;
    bool asked = false;
    Resolver resolver{{}, [&asked](const std::string&, AddressFamily) {
                          asked = true;
                          return Lookup{};
                      }};
    const auto any = AddressFamily::any;
    for (const Row& row : {
             Row{"v4", "10.1.2.3", any, "10.1.2.3:110"},
             Row{"v6", "2001:db8::7", any, "[2001:db8::7]:110"},
             Row{"v4 in v6's clothes", "::ffff:127.0.0.1", any, "127.0.0.1:110"},
             Row{"mapped is v4", "::ffff:127.0.0.1", AddressFamily::v6, "it has no IPv6 address"},
             Row{"v4 for v6", "127.0.0.1", AddressFamily::v6, "it has no IPv6 address"},
             Row{"v6 for v4", "::1", AddressFamily::v4, "it has no IPv4 address"},
             Row{"localhost (RFC 6761)", "LocalHost", any, "127.0.0.1:110 [::1]:110"},
             Row{"localhost with the root's dot", "localhost.", AddressFamily::v6, "[::1]:110"},
             Row{"nothing", "", any, "name not found"},
             Row{"a zero byte", std::string{"127.0.0.1\0.x", 12}, any, "name not found"},
             Row{"too long (RFC 1035 3.1)", std::string(255, 'a'), any, "name not found"},
         }) {
        run(io, check_row(resolver, row));
    }
    CHECK_FALSE(asked);
}

TEST_CASE("a name's addresses keep their order, without those of the other family") {
    asio::io_context io;
    Resolver resolver{{}, [](const std::string& host, AddressFamily) {
                          if (host == "empty") return Lookup{};
                          return Lookup{{make_address("2001:db8::1"), make_address("10.0.0.1"),
                                         make_address("::ffff:10.0.0.2")},
                                        0,
                                        0};
                      }};
    for (const Row& row : {
             Row{"any", "gw", AddressFamily::any, "[2001:db8::1]:110 10.0.0.1:110 10.0.0.2:110"},
             Row{"v4", "gw", AddressFamily::v4, "10.0.0.1:110 10.0.0.2:110"},
             Row{"v6", "gw", AddressFamily::v6, "[2001:db8::1]:110"},
             Row{"none at all", "empty", AddressFamily::any, "name not found"},
         }) {
        run(io, check_row(resolver, row));
    }
}

awaitable<void> check_failure(Resolver& resolver, const char* name, DialFailure expected) {
    CAPTURE(name);
    const Resolved resolved = co_await resolve(resolver, name, AddressFamily::any);
    const auto* failure = std::get_if<DialFailure>(&resolved);
    REQUIRE(failure != nullptr);
    CHECK(failure->kind == expected.kind);
    CHECK(failure->text == expected.text);
    CHECK(failure->details == expected.details);
}

TEST_CASE("the name service's failures in our words") {
    struct FailureRow {
        const char* name;
        int error;
        int system_error;
        DialFailure expected;
    };
    asio::io_context io;
    for (const FailureRow& row : {
             FailureRow{"unknown",
                        EAI_NONAME,
                        0,
                        {Kind::name_not_found, "name not found", "name not found"}},
             FailureRow{"no address",
                        EAI_NODATA,
                        0,
                        {Kind::name_not_found, "name not found", "name not found"}},
             FailureRow{"no server",
                        EAI_AGAIN,
                        0,
                        {Kind::lookup_failed, "temporary failure in name resolution",
                         "temporary failure in name resolution"}},
             FailureRow{"no descriptors",
                        EAI_SYSTEM,
                        EMFILE,
                        {Kind::no_descriptors, "no file descriptors left",
                         "looking up the name: no file descriptors left"}},
         }) {
        Resolver resolver{{}, [&row](const std::string&, AddressFamily) {
                              return Lookup{{}, row.error, row.system_error};
                          }};
        run(io, check_failure(resolver, row.name, row.expected));
    }
}

awaitable<void> asks_a_dead_name(Resolver& resolver, Gate& gate) {
    Resolved resolved = co_await resolve(resolver, "dead", AddressFamily::any, 10ms);
    const auto* failure = std::get_if<DialFailure>(&resolved);
    REQUIRE(failure != nullptr);
    CHECK(failure->kind == Kind::timed_out);
    CHECK(failure->text == "timed out after 0.01 s");
    CHECK(failure->details == "looking up the name timed out after 0.01 s");
    // The same look-up is still under way; the next one to ask gets its answer.
    gate.open();
    resolved = co_await resolve(resolver, "dead", AddressFamily::any);
    CHECK(text_of(resolved) == "127.0.0.1:110");
}

TEST_CASE("a time-out returns at once while the look-up goes on") {
    asio::io_context io;
    const auto gate = std::make_shared<Gate>();
    Resolver resolver{{}, Gate::function(gate)};
    run(io, asks_a_dead_name(resolver, *gate));
}

awaitable<void> asks_beside_dead_names(Resolver& resolver, Gate& gate) {
    TaskGroup asking{co_await asio::this_coro::executor, [](const std::exception_ptr& thrown) {
                         FAIL_CHECK(text_of_exception(thrown));
                     }};
    const auto ask = [](Resolver& of, std::string host) -> awaitable<void> {
        co_await resolve(of, std::move(host), AddressFamily::any);
    };
    for (int i = 0; i < 40; ++i) {
        const std::string dead = "dead" + std::to_string(i);
        asking.spawn(ask(resolver, dead));
    }
    const Resolved live = co_await resolve(resolver, "live", AddressFamily::any, 10s);
    CHECK(text_of(live) == "127.0.0.1:110");
    // The questions before it were asked, and have no answer.
    for (int i = 0; i < 40; ++i) gate.wait_for_call("dead" + std::to_string(i));
    CHECK(asking.size() == 40);
    co_await asking.join();
    gate.open();
}

TEST_CASE("forty names that are never answered leave threads for another") {
    asio::io_context io;
    const auto gate = std::make_shared<Gate>();
    Resolver resolver{Resolver::default_limits, Gate::function(gate)};
    run(io, asks_beside_dead_names(resolver, *gate));
}

awaitable<void> asks_the_system(Resolver& resolver) {
    const Resolved v4 = co_await resolve(resolver, "localhost", AddressFamily::v4);
    CHECK(text_of(v4) == "127.0.0.1:110");
    // The numbers that only the C library takes for an address; a policy sees what they mean.
    const Resolved shortened = co_await resolve(resolver, "127.1", AddressFamily::any);
    CHECK(text_of(shortened) == "127.0.0.1:110");
}

TEST_CASE("the system's resolver") {
    asio::io_context io;
    Resolver resolver;
    run(io, asks_the_system(resolver));
}

}  // namespace
}  // namespace culvert
