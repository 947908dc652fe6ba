#include "common/net/dialer.hpp"

#include <netdb.h>

#include <memory>
#include <string>
#include <vector>

#include <asio/io_context.hpp>

#include "common/net/task_group.hpp"
#include "tests/unit/common/net/loopback.hpp"
#include "tests/unit/common/net/run.hpp"

namespace culvert {
namespace {

using namespace std::chrono_literals;
using Kind = DialFailure::Kind;

tcp::endpoint at(const char* address) { return {asio::ip::make_address(address), 1}; }

TEST_CASE("the families take turns, the first one first (RFC 8305 4)") {
    const auto a4 = at("10.0.0.1"), b4 = at("10.0.0.2"), c4 = at("10.0.0.3");
    const auto a6 = at("2001:db8::1"), b6 = at("2001:db8::2");
    using List = std::vector<tcp::endpoint>;
    CHECK(interleaved({}).empty());
    CHECK(interleaved({a6, b6, a4, b4, c4}) == List{a6, a4, b6, b4, c4});
    CHECK(interleaved({a4, b4, c4, a6}) == List{a4, a6, b4, c4});
    CHECK(interleaved({a4, b4}) == List{a4, b4});
}

/// connect_to() these, and what came of it.
struct Job {
    std::vector<tcp::endpoint> endpoints;
    DialOptions options = {};
    Duration limit = 1h;
    Dialed result = DialFailure{};

    StreamSocket& socket() {
        REQUIRE(std::holds_alternative<StreamSocket>(result));
        return std::get<StreamSocket>(result);
    }
    tcp::endpoint local_endpoint() {
        const auto any = socket().local_endpoint();
        tcp::endpoint local;
        std::memcpy(local.data(), any.data(), any.size());
        return local;
    }
    DialFailure& failure() {
        REQUIRE(std::holds_alternative<DialFailure>(result));
        return std::get<DialFailure>(result);
    }
};

awaitable<void> connect(Job& job) {
    job.result = co_await connect_to(job.endpoints, job.options, Deadline{job.limit});
}

TEST_CASE("a connection is non-blocking, sends at once and leads to the address asked for") {
    asio::io_context io;
    TcpAcceptor acceptor{io, loopback_v4()};
    Job job{{acceptor.local_endpoint()}};
    run(io, connect(job));
    tcp::no_delay no_delay;
    job.socket().get_option(no_delay);
    CHECK(no_delay.value());
    CHECK(job.socket().non_blocking());
    CHECK(job.socket().remote_endpoint() == acceptor.local_endpoint());
}

TEST_CASE("all failures are collected, and the most telling one leads") {
    asio::io_context io;
    const Refusing refusing{io};
    const Silent silent{io};
    SUBCASE("one") {
        Job job{{refusing.endpoint()}};
        run(io, connect(job));
        CHECK(job.failure().kind == Kind::refused);
        CHECK(job.failure().text == "connection refused");
        CHECK(job.failure().details == "connection refused (127.0.0.1)");
        CHECK(to_error({"gw", 22}, job.failure()).what() ==
              std::string{"gw:22: connection refused (127.0.0.1)"});
    }
    SUBCASE("several alike") {
        Job job{{refusing.endpoint(), refusing.endpoint()}};
        run(io, connect(job));
        CHECK(job.failure().details == "connection refused (127.0.0.1, 127.0.0.1)");
    }
    SUBCASE("several that differ") {
        const tcp::endpoint multicast = at("224.0.0.1");  // TCP has no way there
        Job job{{multicast, refusing.endpoint(), multicast}};
        run(io, connect(job));
        CHECK(job.failure().kind == Kind::refused);
        CHECK(job.failure().details ==
              "network unreachable (224.0.0.1, 224.0.0.1), connection refused (127.0.0.1)");
    }
    SUBCASE("those that were never tried are not named") {
        Job job{{silent.endpoint(), refusing.endpoint()}, {.stagger = 1h}, 20ms};
        run(io, connect(job));
        CHECK(job.failure().details == "timed out after 0.02 s (127.0.0.2)");
    }
    SUBCASE("none to try") {
        Job job{{}};
        run(io, connect(job));
        CHECK(job.failure().kind == Kind::unreachable);
    }
    SUBCASE("no descriptors") {
        Job job{{refusing.endpoint()}};
        run(io, connect(job));
        const NoDescriptors none;
        run(io, connect(job));
        CHECK(job.failure().kind == Kind::no_descriptors);
    }
}

TEST_CASE("an address that doesn't answer is overtaken, and its attempt closed (RFC 8305 5)") {
    asio::io_context io;
    const Silent silent{io};
    TcpAcceptor acceptor{io, loopback_v4()};
    const auto before = open_descriptors();
    {
        Job job{{silent.endpoint(), silent.endpoint(), acceptor.local_endpoint()},
                {.stagger = 1ms}};
        run(io, connect(job));
        CHECK(job.socket().remote_endpoint() == acceptor.local_endpoint());
        CHECK(open_descriptors() == before + 1);
    }
    CHECK(open_descriptors() == before);
}

TEST_CASE("a failure brings the next attempt forward (RFC 8305 5)") {
    asio::io_context io;
    const Refusing refusing{io};
    TcpAcceptor acceptor{io, loopback_v4()};
    Job job{{refusing.endpoint(), refusing.endpoint(), acceptor.local_endpoint()},
            {.stagger = 1h},
            10h};
    run(io, connect(job));
    CHECK(job.socket().remote_endpoint() == acceptor.local_endpoint());
}

TEST_CASE("no more addresses are tried than most_attempts") {
    asio::io_context io;
    const Refusing refusing{io};
    TcpAcceptor acceptor{io, loopback_v4()};
    Job job{std::vector<tcp::endpoint>(most_attempts, refusing.endpoint())};
    job.endpoints.push_back(acceptor.local_endpoint());
    run(io, connect(job));
    CHECK(job.failure().kind == Kind::refused);
}

TEST_CASE("a deadline ends it all") {
    asio::io_context io;
    const Silent silent{io};
    const auto before = open_descriptors();
    for (const std::size_t count : {1u, 3u}) {
        Job job{std::vector<tcp::endpoint>(count, silent.endpoint()), {.stagger = 1ms}, 20ms};
        run(io, connect(job));
        CHECK(job.failure().kind == Kind::timed_out);
        CHECK(job.failure().text == "timed out after 0.02 s");
    }
    CHECK(open_descriptors() == before);
}

awaitable<void> cancels(Job& job) {
    bool failed = false;
    TaskGroup group{co_await asio::this_coro::executor, [&](std::exception_ptr) { failed = true; }};
    group.spawn(connect(job));
    co_await group.join();
    CHECK_FALSE(failed);
}

TEST_CASE("a cancelled one leaves no descriptor behind") {
    asio::io_context io;
    const Silent silent{io};
    const auto before = open_descriptors();
    for (const std::size_t count : {1u, 3u}) {
        Job job{std::vector<tcp::endpoint>(count, silent.endpoint())};
        run(io, cancels(job));
        CHECK(open_descriptors() == before);
    }
}

TEST_CASE("a bind address is what the target sees, and rules the other family out") {
    asio::io_context io;
    TcpAcceptor acceptor{io, loopback_v4()};
    const tcp::endpoint local{asio::ip::make_address("127.0.0.5"), 0};
    Job job{{loopback_v6(1), acceptor.local_endpoint()}, {.bind = local}};
    run(io, connect(job));
    CHECK(job.local_endpoint().address() == local.address());
    Job other_family{{loopback_v6(1)}, {.bind = local}};
    run(io, connect(other_family));
    CHECK(other_family.failure().kind == Kind::unreachable);
    // TEST-NET-1: nobody's address.
    const tcp::endpoint foreign{asio::ip::make_address("192.0.2.1"), 0};
    Job not_ours{{acceptor.local_endpoint()}, {.bind = foreign}};
    run(io, connect(not_ours));
    CHECK(not_ours.failure().text == "192.0.2.1: not an address of this machine to connect from");
}

TEST_CASE("a socket that met itself is a refused connection") {
    asio::io_context io;
    TcpSocket picked{io, loopback_v4()};
    const auto endpoint = picked.local_endpoint();
    picked.close();
    Job job{{endpoint}, {.bind = endpoint}};
    run(io, connect(job));
    CHECK(job.failure().kind == Kind::refused);
}

awaitable<void> dial_gw(Resolver& resolver, std::string host, Job& job) {
    const Endpoint target{std::move(host), job.endpoints.front().port()};
    job.result = co_await dial(resolver, target, job.options, Deadline{job.limit});
}

TEST_CASE("dial resolves first, with the family asked for") {
    asio::io_context io;
    TcpAcceptor acceptor{io, loopback_v4()};
    auto asked = AddressFamily::any;
    Resolver resolver{{}, [&asked](const std::string& host, AddressFamily family) {
                          asked = family;
                          if (host != "gw") return Lookup{{}, EAI_NONAME, 0};
                          return Lookup{{loopback_v6().address(), loopback_v4().address()}, 0, 0};
                      }};
    Job job{{acceptor.local_endpoint()}, {.family = AddressFamily::v4}};
    run(io, dial_gw(resolver, "gw", job));
    CHECK(asked == AddressFamily::v4);
    CHECK(job.socket().remote_endpoint() == acceptor.local_endpoint());

    Job unknown{{acceptor.local_endpoint()}};
    run(io, dial_gw(resolver, "nobody", unknown));
    CHECK(unknown.failure().kind == Kind::name_not_found);
    CHECK(to_error({"nobody", 22}, unknown.failure()).what() ==
          std::string{"nobody:22: name not found"});
}

}  // namespace
}  // namespace culvert
