#include "common/relay/relay.hpp"

#include <doctest/doctest.h>
#include <asio/post.hpp>
#include <asio/read.hpp>
#include <asio/redirect_error.hpp>
#include <asio/write.hpp>

#include "common/net/tcp_options.hpp"
#include "common/net/timeout.hpp"
#include "tests/unit/common/relay/relayed_path.hpp"

using namespace culvert;
using namespace culvert::test;

namespace {

awaitable<void> exchange_a_byte(RelayedPath& p) {
    char byte = 'x';
    co_await asio::async_write(p.program, asio::buffer(&byte, 1), use_awaitable);
    co_await asio::async_read(p.service, asio::buffer(&byte, 1), use_awaitable);
    co_await asio::async_write(p.service, asio::buffer(&byte, 1), use_awaitable);
    co_await asio::async_read(p.program, asio::buffer(&byte, 1), use_awaitable);
}

/// A service sends until nothing moves any more, because the program reads nothing.
awaitable<void> fall_behind(RelayedPath& p) {
    const std::string block(64 * 1024, 'x');
    std::uint64_t sent = 0;
    for (int still = 0; still < 100; ++still) {
        std::error_code full;
        while (!full) {
            if (p.service.write_some(asio::buffer(block), full) > 0) still = 0;
        }
        co_await asio::post(use_awaitable);
        if (sent != p.far_relay->bytes_sent()) still = 0;
        sent = p.far_relay->bytes_sent();
    }
}

/// For a socket that has read EOF: the kernel says EPIPE then.
awaitable<void> is_reset_after_eof(TcpSocket& socket) {
    std::error_code ignored;
    co_await socket.async_wait(TcpSocket::wait_error, asio::redirect_error(use_awaitable, ignored));
    CHECK(pending_error(socket.native_handle()) == asio::error::broken_pipe);
}

awaitable<void> both_are_reset(RelayedPath& p) {
    CHECK((co_await receive_all(p.program)).end == asio::error::connection_reset);
    CHECK((co_await receive_all(p.service)).end == asio::error::connection_reset);
}

}  // namespace

TEST_CASE("a stream that is told to end is reset at both ends") {
    SessionPair pair;
    std::optional<RelayedPath> kept;
    SUBCASE("by the near relay") {
        run(pair, kept, [](RelayedPath& p) -> awaitable<void> {
            co_await exchange_a_byte(p);
            p.near_relay->end();
            co_await both_are_reset(p);
        });
        CHECK(kept->near_end == RelayEnd::ended_here);
        CHECK(kept->far_end == RelayEnd::reset_there);
        CHECK(name_of(*kept->near_end) == "ended as asked");
    }
    SUBCASE("by the far relay") {
        run(pair, kept, [](RelayedPath& p) -> awaitable<void> {
            co_await exchange_a_byte(p);
            p.far_relay->end();
            p.far_relay->end();  // once is enough
            co_await both_are_reset(p);
        });
        CHECK(kept->near_end == RelayEnd::reset_there);
        CHECK(kept->far_end == RelayEnd::ended_here);
    }
    SUBCASE("when the program has finished sending") {
        run(pair, kept, [](RelayedPath& p) -> awaitable<void> {
            co_await exchange_a_byte(p);
            p.program.shutdown(TcpSocket::shutdown_send);
            CHECK((co_await receive_all(p.service)).end == asio::error::eof);
            p.near_relay->end();
            CHECK((co_await receive_all(p.program)).end == asio::error::connection_reset);
            co_await is_reset_after_eof(p.service);
        });
        CHECK(kept->near_end == RelayEnd::ended_here);
        CHECK(kept->far_end == RelayEnd::reset_there);
    }
    SUBCASE("when the program is behind") {
        run(pair, kept, [](RelayedPath& p) -> awaitable<void> {
            co_await exchange_a_byte(p);
            co_await fall_behind(p);
            p.near_relay->end();
            co_await both_are_reset(p);
        });
        CHECK(kept->near_end == RelayEnd::ended_here);
        CHECK(kept->far_end == RelayEnd::reset_there);
    }
    CHECK(pair.client->channels() == 0);
    CHECK(pair.server->channels() == 0);
}

TEST_CASE("a stream may be told to end before the peer has answered") {
    SessionPair pair;
    std::optional<RelayedPath> kept;
    kept.emplace(pair);
    kept->refuses = true;  // this path has no far relay
    std::optional<ChannelId> asked;
    Event is_asked;
    pair.server_owner.requested = [&](ChannelRequested request) {
        asked = request.channel;
        is_asked.set();
    };
    test::MemoryStream far;
    far.ends = false;
    far.session = &*pair.server;
    const auto test = [](RelayedPath& p, Event& requested, std::optional<ChannelId>& channel,
                         test::MemoryStream& peer) -> awaitable<void> {
        co_await requested.wait();
        p.near_relay->end();
        CHECK((co_await receive_all(p.program)).end == asio::error::connection_reset);
        peer.channel = *channel;
        p.pair.server->accept(*channel, peer);  // too late: it is closed at once
        co_await wait_for_close(peer);
        co_await until_no_channels(*p.pair.client);
    };
    pair.run(kept->run(test(*kept, is_asked, asked, far)));
    CHECK(kept->near_end == RelayEnd::ended_here);
    CHECK(far.received.empty());
}

TEST_CASE("a clean end that waits for its tail to arrive may be told not to") {
    SessionPair pair;
    std::optional<RelayedPath> kept;
    kept.emplace(pair);
    test::MemoryStream far{"tail"};
    far.ends = false;
    answer_with(kept, far);
    const auto test = [](RelayedPath& p, test::MemoryStream& peer) -> awaitable<void> {
        std::string tail(4, '\0');
        co_await asio::async_read(p.program, asio::buffer(tail), use_awaitable);
        p.pair.server->close(peer.channel);
        CHECK((co_await receive_all(p.program)).end == asio::error::eof);
        // The program may still send: the relay reads that away, for an hour here.
        p.near_relay->end();
        co_await is_reset_after_eof(p.program);
    };
    pair.run(kept->run(test(*kept, far)));
    CHECK(kept->near_end == RelayEnd::ended_here);
}

TEST_CASE("a stream that was told to end before it begins takes no channel") {
    SessionPair pair;
    std::optional<RelayedPath> kept;
    kept.emplace(pair);
    auto [program, socket] = connected(pair.context);
    std::optional<Relay> near;
    near.emplace(std::move(socket), *pair.client, kept->tasks);
    near->end();
    SUBCASE("that it would open") {
        const auto test = [](RelayedPath& p, Relay& relay, TcpSocket& own) -> awaitable<void> {
            co_await p.pair.client_owner.ready.wait();
            const ChannelType type = DirectTcpip{target, originator};
            auto opened = relay.open(type);
            CHECK(co_await std::move(opened) == RelayEnd::ended_here);
            CHECK((co_await receive_all(own)).end == asio::error::connection_reset);
            CHECK(p.pair.client->channels() == 0);
        };
        pair.run(test(*kept, *near, program));
    }
    SUBCASE("that it would accept") {
        auto [service, far_socket] = connected(pair.context);
        std::optional<Relay> far;
        far.emplace(std::move(far_socket), *pair.server, kept->tasks);
        far->end();
        std::optional<RelayEnd> far_end;
        pair.server_owner.requested = [&](ChannelRequested request) {
            auto accepted = far->accept(request.channel);
            const auto keep = [](awaitable<RelayEnd> carried,
                                 std::optional<RelayEnd>& end) -> awaitable<void> {
                end = co_await std::move(carried);
            };
            kept->tasks.spawn(keep(std::move(accepted), far_end));
        };
        test::MemoryStream asking;
        asking.session = &*pair.client;
        const auto test = [](RelayedPath& p, test::MemoryStream& stream) -> awaitable<void> {
            co_await p.pair.client_owner.ready.wait();
            stream.channel = *p.pair.client->open(DirectTcpip{target, originator}, stream);
            co_await stream.over.wait();
            CHECK(stream.refused);
            co_await p.tasks.join();
        };
        pair.run(test(*kept, asking));
        CHECK(far_end == RelayEnd::ended_here);
    }
}
