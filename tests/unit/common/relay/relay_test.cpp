#include "common/relay/relay.hpp"

#include <doctest/doctest.h>
#include <asio/post.hpp>

#include "common/net/both.hpp"
#include "common/net/timeout.hpp"
#include "tests/unit/common/relay/connected.hpp"
#include "tests/unit/common/session/session_pair.hpp"

using namespace culvert;
using namespace culvert::test;

namespace {

/// program <-> relay <-> channel <-> relay <-> service
class Path {
public:
    explicit Path(SessionPair& sessions)
        : pair{sessions},
          tasks{sessions.context.get_executor(),
                [](const std::exception_ptr& thrown) { FAIL_CHECK(text_of_exception(thrown)); }} {
        std::tie(program, near_) = make();
        std::tie(service, far_) = make();
        pair.server_owner.requested = [this](ChannelRequested request) {
            if (refuses) {
                pair.server->refuse(request.channel,
                                    {OpenFailureReason::connect_failed, "connection refused"});
            } else {
                tasks.spawn(run_far(request.channel));
            }
        };
    }

    void shrink_near_buffer() { near_.set_option(TcpSocket::send_buffer_size{16 * 1024}); }

    /// Opens the path, runs the test, and waits for the relays' ends.
    awaitable<void> run(awaitable<void> test) {
        co_await pair.client_owner.ready.wait();
        tasks.spawn(run_near());
        std::exception_ptr failure;
        try {
            co_await std::move(test);
        } catch (...) {
            failure = std::current_exception();
        }
        if (failure) std::rethrow_exception(failure);
        if (!near_end) co_await near_over_.wait();
        if (!refuses && !far_end) co_await far_over_.wait();
        co_await tasks.join();
    }

    SessionPair& pair;
    TcpSocket program{pair.context};
    TcpSocket service{pair.context};
    bool refuses = false;
    Duration tail_time = std::chrono::hours{1};
    std::optional<RelayEnd> near_end;
    std::optional<RelayEnd> far_end;
    std::string refusal;
    Relay* near_relay = nullptr;  ///< as long as it lives
    Relay* far_relay = nullptr;

private:
    std::pair<TcpSocket, TcpSocket> make() { return connected(pair.context); }

    awaitable<void> run_near() {
        Relay relay{std::move(near_), *pair.client, tasks, tail_time};
        near_relay = &relay;
        const ChannelType type = DirectTcpip{target, originator};
        near_end = co_await relay.open(type);
        near_relay = nullptr;
        refusal = relay.failure().description;
        near_over_.set();
    }
    awaitable<void> run_far(ChannelId channel) {
        Relay relay{std::move(far_), *pair.server, tasks};
        far_relay = &relay;
        far_end = co_await relay.accept(channel);
        far_relay = nullptr;
        far_over_.set();
    }

    TcpSocket near_{pair.context};
    TcpSocket far_{pair.context};
    Event near_over_;
    Event far_over_;

public:
    TaskGroup tasks;
};

using Test = awaitable<void> (*)(Path& path);

Path& run(SessionPair& pair, std::optional<Path>& path, Test test) {
    path.emplace(pair);
    pair.run(path->run(test(*path)));
    return *path;
}

}  // namespace

TEST_CASE("each direction is carried to its own end, byte for byte") {
    SessionPair pair;
    std::optional<Path> kept;
    const Path& path = run(pair, kept, [](Path& p) -> awaitable<void> {
        const std::string up = pattern(5'000'000);
        const std::string down = pattern(4'000'001);
        // The service answers after the program has finished sending: half-close.
        const auto program = [](Path& q, const std::string& sent,
                                const std::string& wanted) -> awaitable<void> {
            co_await send_all(q.program, sent);
            const Received received = co_await receive_all(q.program);
            CHECK(received.data == wanted);
            CHECK(received.end == asio::error::eof);
        };
        const auto service = [](Path& q, const std::string& sent,
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
        std::optional<Path> kept;
        const Path& path = run(pair, kept, [](Path& p) -> awaitable<void> {
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
        std::optional<Path> kept;
        const Path& path = run(pair, kept, [](Path& p) -> awaitable<void> {
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
        std::optional<Path> kept;
        kept.emplace(pair);
        kept->refuses = true;
        const auto test = [](Path& p) -> awaitable<void> {
            CHECK((co_await receive_all(p.program)).end == asio::error::connection_reset);
        };
        pair.run(kept->run(test(*kept)));
        CHECK(kept->near_end == RelayEnd::refused);
        CHECK(kept->refusal == "connection refused");
    }
    SUBCASE("of the connection, at both ends") {
        SessionPair pair;
        std::optional<Path> kept;
        const Path& path = run(pair, kept, [](Path& p) -> awaitable<void> {
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
awaitable<void> fill(Path& p, std::uint64_t window) {
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
    std::optional<Path> kept;
    const Path& path = run(pair, kept, [](Path& p) -> awaitable<void> {
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
        std::optional<Path> kept;
        run(pair, kept, [](Path& p) -> awaitable<void> {
            const std::string data = pattern(12'000'000);
            const auto program = [](Path& q, const std::string& sent) -> awaitable<void> {
                co_await send_all(q.program, sent);
                CHECK((co_await receive_all(q.program)).end == asio::error::eof);
            };
            const auto service = [](Path& q, const std::string& wanted) -> awaitable<void> {
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
    std::optional<Path> kept;
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
    const auto test = [](Path& p, test::MemoryStream& peer) -> awaitable<void> {
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

namespace {

/// A peer at the server's end of a path that has no far relay.
void answer_with(std::optional<Path>& path, test::MemoryStream& far) {
    SessionPair& pair = path->pair;
    pair.server_owner.requested = [&](ChannelRequested request) {
        far.session = &*pair.server;
        far.channel = request.channel;
        pair.server->accept(request.channel, far);
        pair.server->set_readable(request.channel);
    };
    path->refuses = true;
}

awaitable<void> until_no_channels(const Session& session) {
    while (session.channels() > 0) co_await asio::post(use_awaitable);
}

}  // namespace

TEST_CASE("what nobody wants any more is not fetched, and its sender hears of it") {
    SessionPair pair;
    std::optional<Path> kept;
    kept.emplace(pair);
    test::MemoryStream far{"tail"};
    far.ends = false;
    answer_with(kept, far);
    std::size_t sent = 0;
    const auto test = [](Path& p, test::MemoryStream& peer, std::size_t& bytes) -> awaitable<void> {
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
    std::optional<Path> kept;
    kept.emplace(pair);
    kept->tail_time = std::chrono::milliseconds{20};
    kept->shrink_near_buffer();
    test::MemoryStream far{pattern(2'000'000)};
    far.ends = false;
    answer_with(kept, far);
    std::uint64_t claimed = 0;
    const auto test = [](Path& p, test::MemoryStream& peer,
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

namespace {

awaitable<void> exchange_a_byte(Path& p) {
    char byte = 'x';
    co_await asio::async_write(p.program, asio::buffer(&byte, 1), use_awaitable);
    co_await asio::async_read(p.service, asio::buffer(&byte, 1), use_awaitable);
    co_await asio::async_write(p.service, asio::buffer(&byte, 1), use_awaitable);
    co_await asio::async_read(p.program, asio::buffer(&byte, 1), use_awaitable);
}

/// A service sends until nothing moves any more, because the program reads nothing.
awaitable<void> fall_behind(Path& p) {
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

awaitable<void> both_are_reset(Path& p) {
    CHECK((co_await receive_all(p.program)).end == asio::error::connection_reset);
    CHECK((co_await receive_all(p.service)).end == asio::error::connection_reset);
}

}  // namespace

TEST_CASE("a stream that is told to end is reset at both ends") {
    SessionPair pair;
    std::optional<Path> kept;
    SUBCASE("by the near relay") {
        run(pair, kept, [](Path& p) -> awaitable<void> {
            co_await exchange_a_byte(p);
            p.near_relay->end();
            co_await both_are_reset(p);
        });
        CHECK(kept->near_end == RelayEnd::ended_here);
        CHECK(kept->far_end == RelayEnd::reset_there);
        CHECK(name_of(*kept->near_end) == "ended as asked");
    }
    SUBCASE("by the far relay") {
        run(pair, kept, [](Path& p) -> awaitable<void> {
            co_await exchange_a_byte(p);
            p.far_relay->end();
            p.far_relay->end();  // once is enough
            co_await both_are_reset(p);
        });
        CHECK(kept->near_end == RelayEnd::reset_there);
        CHECK(kept->far_end == RelayEnd::ended_here);
    }
    SUBCASE("when the program has finished sending") {
        run(pair, kept, [](Path& p) -> awaitable<void> {
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
        run(pair, kept, [](Path& p) -> awaitable<void> {
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
    std::optional<Path> kept;
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
    const auto test = [](Path& p, Event& requested, std::optional<ChannelId>& channel,
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
    std::optional<Path> kept;
    kept.emplace(pair);
    test::MemoryStream far{"tail"};
    far.ends = false;
    answer_with(kept, far);
    const auto test = [](Path& p, test::MemoryStream& peer) -> awaitable<void> {
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
    std::optional<Path> kept;
    kept.emplace(pair);
    auto [program, socket] = connected(pair.context);
    std::optional<Relay> near;
    near.emplace(std::move(socket), *pair.client, kept->tasks);
    near->end();
    SUBCASE("that it would open") {
        const auto test = [](Path& p, Relay& relay, TcpSocket& own) -> awaitable<void> {
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
        const auto test = [](Path& p, test::MemoryStream& stream) -> awaitable<void> {
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
