#include "common/relay/relay.hpp"

#include <doctest/doctest.h>
#include <asio/post.hpp>

#include "common/net/both.hpp"
#include "common/net/timeout.hpp"
#include "tests/unit/common/relay/relayed_path.hpp"

using namespace culvert;
using namespace culvert::test;

TEST_CASE("each direction is carried to its own end, byte for byte") {
    SessionPair pair;
    std::optional<RelayedPath> kept;
    const RelayedPath& path = run(pair, kept, [](RelayedPath& p) -> awaitable<void> {
        const std::string up = pattern(5'000'000);
        const std::string down = pattern(4'000'001);
        // The service answers after the program has finished sending: half-close.
        const auto program = [](RelayedPath& q, const std::string& sent,
                                const std::string& wanted) -> awaitable<void> {
            co_await send_all(q.program, sent);
            const Received received = co_await receive_all(q.program);
            CHECK(received.data == wanted);
            CHECK(received.end == asio::error::eof);
        };
        const auto service = [](RelayedPath& q, const std::string& sent,
                                const std::string& wanted) -> awaitable<void> {
            const Received received = co_await receive_all(q.service);
            CHECK(received.data == wanted);
            CHECK(received.end == asio::error::eof);
            co_await send_all(q.service, sent);
        };
        co_await both(program(p, up, down), service(p, down, up));
    });
    CHECK(path.near_end == RelayEnd::clean);
    CHECK(path.far_end == RelayEnd::clean);
    CHECK(pair.client->channels() == 0);
    CHECK(pair.server->channels() == 0);
}

TEST_CASE("a reset stays a reset") {
    SUBCASE("of the program") {
        SessionPair pair;
        std::optional<RelayedPath> kept;
        const RelayedPath& path = run(pair, kept, [](RelayedPath& p) -> awaitable<void> {
            char byte = 'x';
            co_await asio::async_write(p.program, asio::buffer(&byte, 1), use_awaitable);
            co_await asio::async_read(p.service, asio::buffer(&byte, 1), use_awaitable);
            REQUIRE(!set_on_close(p.program.native_handle(), OnClose::reset));
            p.program.close();
            CHECK((co_await receive_all(p.service)).end == asio::error::connection_reset);
        });
        CHECK(path.near_end == RelayEnd::reset_here);
        CHECK(path.far_end == RelayEnd::reset_there);
    }
    SUBCASE("of the service, after the program has finished sending") {
        SessionPair pair;
        std::optional<RelayedPath> kept;
        const RelayedPath& path = run(pair, kept, [](RelayedPath& p) -> awaitable<void> {
            co_await send_all(p.program, "request");
            CHECK((co_await receive_all(p.service)).data == "request");
            REQUIRE(!set_on_close(p.service.native_handle(), OnClose::reset));
            p.service.close();
            CHECK((co_await receive_all(p.program)).end == asio::error::connection_reset);
        });
        CHECK(path.near_end == RelayEnd::reset_there);
        CHECK(path.far_end == RelayEnd::reset_here);
    }
    SUBCASE("of a channel that is never opened") {
        SessionPair pair;
        std::optional<RelayedPath> kept;
        kept.emplace(pair);
        kept->refuses = true;
        const auto test = [](RelayedPath& p) -> awaitable<void> {
            CHECK((co_await receive_all(p.program)).end == asio::error::connection_reset);
        };
        pair.run(kept->run(test(*kept)));
        CHECK(kept->near_end == RelayEnd::refused);
        CHECK(kept->refusal == "connection refused");
    }
    SUBCASE("of the connection, at both ends") {
        SessionPair pair;
        std::optional<RelayedPath> kept;
        const RelayedPath& path = run(pair, kept, [](RelayedPath& p) -> awaitable<void> {
            char byte = 'x';
            co_await asio::async_write(p.program, asio::buffer(&byte, 1), use_awaitable);
            co_await asio::async_read(p.service, asio::buffer(&byte, 1), use_awaitable);
            p.pair.server->end(DisconnectReason::by_application, "over");
            CHECK((co_await receive_all(p.program)).end == asio::error::connection_reset);
            CHECK((co_await receive_all(p.service)).end == asio::error::connection_reset);
        });
        CHECK(path.near_end == RelayEnd::connection_lost);
        CHECK(path.far_end == RelayEnd::connection_lost);
    }
}

namespace {

/// The program sends until nothing moves any more, however often the context looks: its socket is
/// full, and what has left the near relay and not reached the service is a window's worth, of which
/// the last quarter may have been delivered and not granted again.
awaitable<void> fill(RelayedPath& p, std::uint64_t window) {
    constexpr int looks = 100;
    const std::string block(64 * 1024, 'x');
    std::uint64_t sent = 0;
    for (int still = 0; still < looks; ++still) {
        std::error_code full;
        while (!full) {
            if (p.program.write_some(asio::buffer(block), full) > 0) still = 0;
        }
        REQUIRE(full == asio::error::would_block);
        co_await asio::post(use_awaitable);
        if (p.near_relay == nullptr || p.far_relay == nullptr) {
            still = 0;
            continue;
        }
        const std::uint64_t on_the_way = p.near_relay->bytes_sent() - p.far_relay->bytes_received();
        if (on_the_way < window * 3 / 4 || sent != p.near_relay->bytes_sent()) still = 0;
        sent = p.near_relay->bytes_sent();
    }
}

}  // namespace

TEST_CASE("a reset arrives although the service reads nothing and the window is used up") {
    static constexpr std::uint32_t window = 256 * 1024;
    SessionPair pair{[](EngineConfig&, EngineConfig& server) {
        server.connection.receive_window = {.first = window, .largest = window};
    }};
    std::optional<RelayedPath> kept;
    const RelayedPath& path = run(pair, kept, [](RelayedPath& p) -> awaitable<void> {
        const bool is_full = co_await with_timeout(fill(p, window), std::chrono::minutes{1});
        REQUIRE(is_full);
        REQUIRE(!set_on_close(p.program.native_handle(), OnClose::reset));
        p.program.close();
        const auto hears = [](TcpSocket& service) -> awaitable<void> {
            std::error_code end;
            co_await service.async_wait(TcpSocket::wait_error,
                                        asio::redirect_error(use_awaitable, end));
        };
        CHECK(co_await with_timeout(hears(p.service), std::chrono::seconds{20}));
        p.service.close();
    });
    CHECK(path.near_end == RelayEnd::reset_here);
    CHECK(path.far_end == RelayEnd::reset_there);
}

TEST_CASE("a service that takes its time gets everything, be it waited for or not") {
    // Waiting without end it hangs unless the relay says when the service takes more.
    ReaderWaitBudget::Terms endless{.most = std::chrono::hours{1}, .alone_after = {}};
    for (const ReaderWaitBudget::Terms& reader_wait : {ReaderWaitBudget::Terms{}, endless}) {
        SessionPair pair{[](EngineConfig&, EngineConfig&) {}, reader_wait};
        std::optional<RelayedPath> kept;
        run(pair, kept, [](RelayedPath& p) -> awaitable<void> {
            const std::string data = pattern(12'000'000);
            const auto program = [](RelayedPath& q, const std::string& sent) -> awaitable<void> {
                co_await send_all(q.program, sent);
                CHECK((co_await receive_all(q.program)).end == asio::error::eof);
            };
            const auto service = [](RelayedPath& q, const std::string& wanted) -> awaitable<void> {
                // Small bites of a small buffer: the relay's backlog fills again and again.
                q.service.set_option(TcpSocket::receive_buffer_size{16 * 1024});
                std::string received;
                std::array<char, 50'000> bite;
                std::error_code end;
                while (!end) {
                    const std::size_t length = co_await q.service.async_read_some(
                        asio::buffer(bite), asio::redirect_error(use_awaitable, end));
                    received.append(bite.data(), length);
                }
                CHECK(received == wanted);
                q.service.shutdown(TcpSocket::shutdown_send);
            };
            const bool in_time = co_await with_timeout(both(program(p, data), service(p, data)),
                                                       std::chrono::minutes{1});
            CHECK(in_time);
            if (!in_time) p.service.close();
        });
    }
}

TEST_CASE("CLOSE alone is a clean end, and the tail before it arrives") {
    SessionPair pair;
    std::optional<RelayedPath> kept;
    kept.emplace(pair);
    test::MemoryStream far{pattern(300'000)};
    far.ends = false;
    // A peer that sends its data and CLOSE, without EOF, while the program is still there.
    pair.server_owner.requested = [&](ChannelRequested request) {
        far.session = &*pair.server;
        far.channel = request.channel;
        pair.server->accept(request.channel, far);
        pair.server->set_readable(request.channel);
    };
    kept->refuses = true;  // this path has no far relay to wait for
    const auto test = [](RelayedPath& p, test::MemoryStream& peer) -> awaitable<void> {
        std::string received(300'000, '\0');
        co_await asio::async_read(p.program, asio::buffer(received), use_awaitable);
        p.pair.server->close(peer.channel);
        CHECK((co_await receive_all(p.program)).end == asio::error::eof);
        CHECK(received == pattern(300'000));
        p.program.close();
    };
    pair.run(kept->run(test(*kept, far)));
    CHECK(kept->near_end == RelayEnd::clean);
}

TEST_CASE("what nobody wants any more is not fetched, and its sender hears of it") {
    SessionPair pair;
    std::optional<RelayedPath> kept;
    kept.emplace(pair);
    test::MemoryStream far{"tail"};
    far.ends = false;
    answer_with(kept, far);
    std::size_t sent = 0;
    const auto test = [](RelayedPath& p, test::MemoryStream& peer,
                         std::size_t& bytes) -> awaitable<void> {
        std::string tail(4, '\0');
        co_await asio::async_read(p.program, asio::buffer(tail), use_awaitable);
        p.pair.server->close(peer.channel);
        const std::string block(1 << 20, 'x');
        std::error_code failure;
        while (!failure) {
            bytes += co_await asio::async_write(p.program, asio::buffer(block),
                                                asio::redirect_error(use_awaitable, failure));
        }
        CHECK((failure == asio::error::connection_reset || failure == asio::error::broken_pipe));
    };
    pair.run(kept->run(test(*kept, far, sent)));
    CHECK(sent < 64 << 20);  // what kernels buffer, and a little
}

TEST_CASE("who reads nothing of a tail is not waited for, and its memory counts until then") {
    SessionPair pair;
    std::optional<RelayedPath> kept;
    kept.emplace(pair);
    kept->tail_time = std::chrono::milliseconds{20};
    kept->shrink_near_buffer();
    test::MemoryStream far{pattern(2'000'000)};
    far.ends = false;
    answer_with(kept, far);
    std::uint64_t claimed = 0;
    const auto test = [](RelayedPath& p, test::MemoryStream& peer,
                         std::uint64_t& most) -> awaitable<void> {
        p.program.set_option(TcpSocket::receive_buffer_size{16 * 1024});
        while (p.pair.client->traffic() < 2'000'000) co_await asio::post(use_awaitable);
        p.pair.server->close(peer.channel);
        co_await until_no_channels(*p.pair.client);
        most = p.pair.client->windows()->claimed();
    };
    pair.run(kept->run(test(*kept, far, claimed)));
    CHECK(claimed > 0);
    CHECK(pair.client->windows()->claimed() == 0);
    CHECK(kept->near_end == RelayEnd::reset_here);
}
