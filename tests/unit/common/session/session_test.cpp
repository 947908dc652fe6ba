#include "common/session/session.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <list>

#include <doctest/doctest.h>
#include <asio/co_spawn.hpp>
#include <asio/post.hpp>

#include "tests/unit/common/session/session_pair.hpp"

using namespace culvert;
using namespace culvert::test;

namespace {

awaitable<void> carry_both_ways(SessionPair& pair, std::size_t up, std::size_t down) {
    MemoryStream near{pattern(up)};
    MemoryStream far{pattern(down)};
    co_await open(pair, near, far);
    co_await wait_for_eof(near);
    co_await wait_for_eof(far);
    CHECK(far.received == pattern(up));
    CHECK(near.received == pattern(down));
    pair.client->close(near.channel);
    co_await wait_for_close(far);
    CHECK(*far.closed == ChannelEnd::clean);
}

}  // namespace

TEST_CASE("a stream that always has more is read as long as the kernel takes it") {
    // Several times what the output holds, both ways at once, past the window of 2 MiB.
    SessionPair pair;
    pair.run(carry_both_ways(pair, 16 * SendBacklog::largest, 9 * SendBacklog::largest + 1));
    CHECK(pair.client->channels() == 0);
    CHECK(pair.server->channels() == 0);
}

TEST_CASE("compressed streams arrive whole, though their views may be short-lived") {
    for (const std::string_view method : {delayed_zlib, delayed_zstd}) {
        CAPTURE(method);
        SessionPair pair{[method](EngineConfig& client, EngineConfig& server) {
            client.transport.algorithms.compression = {std::string{method}};
            server.transport.algorithms.compression = {std::string{method}};
        }};
        pair.run(carry_both_ways(pair, 3'000'000, 2'000'001));
    }
}

TEST_CASE("streams go on through rekeys") {
    SessionPair pair{
        [](EngineConfig& client, EngineConfig&) { client.transport.rekey.bytes = 512 * 1024; }};
    pair.run(carry_both_ways(pair, 5'000'000, 5'000'000));
    CHECK(pair.client_owner.rekeys >= 5);
    CHECK(pair.server_owner.rekeys >= 5);
}

TEST_CASE("what came from others than culverts is acknowledged without waiting for an answer") {
    for (const bool culverts : {true, false}) {
        CAPTURE(culverts);
        SessionPair pair{[culverts](EngineConfig& client, EngineConfig& server) {
            client.transport.extensions.reset = culverts;
            server.transport.extensions.reset = culverts;
        }};
        std::list<MemoryStream> streams(20);
        int acknowledges_now = -1;
        const auto test = [&](SessionPair& both) -> awaitable<void> {
            for (auto near = streams.begin(); near != streams.end(); std::advance(near, 2)) {
                co_await open(both, *near, *std::next(near));
            }
            socklen_t size = sizeof acknowledges_now;
            CHECK(getsockopt(both.client_socket, IPPROTO_TCP, TCP_QUICKACK, &acknowledges_now,
                             &size) == 0);
        };
        pair.run(test(pair));
        CHECK(acknowledges_now == (culverts ? 0 : 1));
    }
}

TEST_CASE("a program that doesn't read stops its own stream and no other") {
    SessionPair pair;
    const auto test = [](SessionPair& both) -> awaitable<void> {
        MemoryStream stuck{pattern(8 * 1024 * 1024)};
        MemoryStream never_reads;
        never_reads.reads = false;
        co_await open(both, stuck, never_reads);
        co_await carry_both_ways(both, 6'000'000, 6'000'000);
        // Its window, and not a byte more.
        CHECK(never_reads.received.size() == ConnectionConfig{}.receive_window.first);
        both.client->reset(stuck.channel);
        co_await wait_for_close(never_reads);
        CHECK(*never_reads.closed == ChannelEnd::reset);
    };
    pair.run(test(pair));
}

TEST_CASE("when the connection goes every stream is told") {
    SessionPair pair;
    MemoryStream near;
    MemoryStream far;
    const auto test = [](SessionPair& both, MemoryStream& a, MemoryStream& b) -> awaitable<void> {
        co_await open(both, a, b);
        co_await wait_for_eof(b);
        both.server->end(DisconnectReason::by_application, "the server is shutting down");
        while (!a.lost || !b.lost) {
            MemoryStream& waiting = a.lost ? b : a;
            waiting.over.reset();
            co_await waiting.over.wait();
        }
    };
    pair.run(test(pair, near, far));
    CHECK(pair.client_end == "the peer ended the connection: the server is shutting down");
}

TEST_CASE("a host key that isn't accepted ends it before any authentication") {
    SessionPair pair;
    pair.client_owner.trusts_host = false;
    const auto wait = [](SessionPair& both) -> awaitable<void> {
        while (both.client->running() || both.server->running()) {
            co_await asio::post(both.context, use_awaitable);
        }
    };
    pair.run(wait(pair));
    CHECK(pair.client_end == "not this one");
    CHECK(pair.server_end == "the peer ended the connection: host key not accepted (reason 9)");
    CHECK(!pair.server_owner.authenticated);
}

TEST_CASE("data that comes right ahead of CLOSE is delivered, though its channel is gone by then") {
    const auto test = [](SessionPair& p) -> awaitable<void> {
        MemoryStream near{pattern(1000)};
        near.ends = false;
        near.sends_at_once = false;
        MemoryStream far;
        far.ends = false;
        co_await open(p, near, far);
        // One turn: both lie in the socket before the server receives anything of it.
        p.client->set_readable(near.channel);
        CHECK(near.all_sent.is_set());
        p.client->reset(near.channel);
        co_await wait_for_end(far);
        CHECK(far.closed == ChannelEnd::reset);
        CHECK(far.received == pattern(1000));
    };
    SessionPair pair;
    pair.run(test(pair));
    CHECK(pair.client_end == "as asked");
    CHECK(pair.server_end == "as asked");
}

TEST_CASE("what went wrong here is not told to a server that may be a stranger") {
    SessionPair pair;
    pair.client_owner.fault = "/home/alice/.ssh/known_hosts: permission denied";
    const auto test = [](SessionPair& p) -> awaitable<void> { co_await p.server_over.wait(); };
    pair.run(test(pair));
    CHECK(pair.client_end == "/home/alice/.ssh/known_hosts: permission denied");
    CHECK(pair.server_end.starts_with("the peer "));
    CHECK(pair.server_end.find("alice") == std::string::npos);
}

TEST_CASE("a peer that shuts down has not dismissed us, one that ends it for what we did has") {
    for (const DisconnectReason reason :
         {DisconnectReason::by_application, DisconnectReason::protocol_error}) {
        SessionPair pair;
        const auto test = [](SessionPair& p, DisconnectReason why) -> awaitable<void> {
            co_await p.client_owner.ready.wait();
            p.server->end(why, "over");
            while (p.client->running()) co_await asio::post(use_awaitable);
        };
        pair.run(test(pair, reason));
        CHECK(pair.client->dismissed() == (reason != DisconnectReason::by_application));
    }
}

TEST_CASE("what comes after a session can be cancelled, whatever its own end could not be") {
    SessionPair pair;
    TaskGroup tasks{pair.context.get_executor(), [](const std::exception_ptr& thrown) {
                        FAIL_CHECK(text_of_exception(thrown));
                    }};
    Event next_step;
    bool cancelled = false;
    const auto session_and_more = [](SessionPair& p, Event& next,
                                     bool& aborted) -> awaitable<void> {
        try {
            co_await p.client->run();
        } catch (const Error&) {
            // The server has ended it.
        }
        try {
            co_await next.wait();
        } catch (const std::system_error&) {
            aborted = true;
        }
    };
    const auto test = [](SessionPair& p, TaskGroup& group, Event& next) -> awaitable<void> {
        co_await p.client_owner.ready.wait();
        p.server->end(DisconnectReason::by_application, "over");
        while (!next.has_waiter()) co_await asio::post(use_awaitable);
        group.cancel();
        next.set();  // comes too late for one that was cancelled
    };
    tasks.spawn(session_and_more(pair, next_step, cancelled));
    tasks.spawn(pair.server->run());
    asio::co_spawn(pair.context, test(pair, tasks, next_step),
                   [&tasks](const std::exception_ptr& thrown) {
                       if (!thrown) return;
                       FAIL_CHECK(text_of_exception(thrown));
                       tasks.cancel();
                   });
    pair.context.run();
    CHECK(cancelled);
}
