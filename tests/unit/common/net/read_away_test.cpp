#include "common/net/read_away.hpp"

#include <string>

#include <asio/buffer.hpp>
#include <asio/io_context.hpp>

#include "common/net/timeout.hpp"
#include "tests/unit/common/net/loopback.hpp"
#include "tests/unit/common/net/run.hpp"

namespace culvert {
namespace {

struct Sockets {
    explicit Sockets(asio::io_context& io) : near{io}, far{io} {
        TcpAcceptor acceptor{io, loopback_v4()};
        TcpSocket connecting{io};
        connecting.connect(acceptor.local_endpoint());
        near = std::move(connecting);
        far = acceptor.accept();
        near.non_blocking(true);
        far.non_blocking(true);
    }
    StreamSocket near;
    StreamSocket far;
};

/// Sends until the kernel takes no more.
std::size_t flood(StreamSocket& socket) {
    const std::string block(64 * 1024, 'x');
    std::size_t sent = 0;
    std::error_code full;
    while (!full) sent += socket.write_some(asio::buffer(block), full);
    CHECK(full == asio::error::would_block);
    return sent;
}

awaitable<void> tail_arrives(StreamSocket& socket, std::size_t& discarded) {
    const bool in_time =
        co_await with_timeout(let_tail_arrive(socket, discarded), std::chrono::seconds{20});
    CHECK(in_time);
}

TEST_CASE("of a peer that goes on sending no more than 256 KiB are read before a close") {
    asio::io_context io;
    Sockets sockets{io};
    sockets.far.write_some(asio::buffer("a tail", 6));
    const std::size_t sent = flood(sockets.near);
    REQUIRE(sent > 256 * 1024);
    std::size_t discarded = 0;
    run(io, tail_arrives(sockets.far, discarded));
    CHECK(discarded == 256 * 1024);
}

TEST_CASE("a peer that closes ends the wait, and what it sent is counted") {
    asio::io_context io;
    Sockets sockets{io};
    sockets.near.write_some(asio::buffer("some", 4));
    sockets.near.close();
    std::size_t discarded = 0;
    run(io, tail_arrives(sockets.far, discarded));
    CHECK(discarded == 4);
}

awaitable<void> is_not_read(StreamSocket& socket, bool& in_time) {
    std::size_t discarded = 0;
    in_time =
        co_await with_timeout(let_tail_arrive(socket, discarded), std::chrono::milliseconds{50});
}

TEST_CASE("a tail that the peer does not read is waited for as long as the caller wants") {
    asio::io_context io;
    Sockets sockets{io};
    flood(sockets.far);
    flood(sockets.near);
    bool in_time = true;
    run(io, is_not_read(sockets.far, in_time));
    CHECK_FALSE(in_time);
}

}  // namespace
}  // namespace culvert
