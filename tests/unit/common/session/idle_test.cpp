#include <sys/socket.h>
#include <unistd.h>

#include <doctest/doctest.h>
#include <asio/buffer.hpp>
#include <asio/redirect_error.hpp>
#include <asio/write.hpp>

#include "common/net/both.hpp"
#include "common/net/pause.hpp"
#include "common/net/timeout.hpp"
#include "tests/unit/common/session/session_pair.hpp"

using namespace culvert;
using namespace culvert::test;

namespace {

awaitable<void> wait_until_released(const Session& session) {
    while (session.has_buffers()) co_await pause(std::chrono::milliseconds{1});
}

awaitable<bool> are_released(SessionPair& pair) {
    return with_timeout(both(wait_until_released(*pair.client), wait_until_released(*pair.server)),
                        std::chrono::seconds{20});
}

}  // namespace

TEST_CASE("an idle connection gives its buffers back, though no other timer wakes it") {
    SessionPair pair{[](EngineConfig& client, EngineConfig& server) {
                         for (EngineConfig* config : {&client, &server}) {
                             config->keepalive.interval = Duration::zero();
                             config->transport.rekey.time = Duration::zero();
                         }
                     },
                     {},
                     std::chrono::milliseconds{20}};
    const auto test = [](SessionPair& p) -> awaitable<void> {
        MemoryStream near{"some"};
        MemoryStream far{"thing"};
        near.ends = far.ends = false;
        co_await open(p, near, far);
        CHECK(co_await are_released(p));
        // It goes on, with buffers, and becomes idle again.
        p.client->reset(near.channel);
        co_await wait_for_end(far);
        CHECK(p.server->has_buffers());
        CHECK(co_await are_released(p));
        CHECK(far.received == "some");
    };
    pair.run(test(pair));
}

namespace {

/// A peer that is refused at once and sends as much as it can.
awaitable<void> flood(SessionPair& pair, std::size_t& sent) {
    TcpSocket socket{pair.context, asio::ip::tcp::v4(), ::dup(pair.client_socket)};
    socket.set_option(TcpSocket::send_buffer_size{64 * 1024});
    const std::string block(64 * 1024, 'x');
    std::error_code refused;
    while (!refused) {
        sent += co_await asio::async_write(socket, asio::buffer(block),
                                           asio::redirect_error(use_awaitable, refused));
    }
}

}  // namespace

TEST_CASE("of what a peer sends after the end little is read") {
    SessionPair pair;
    std::string end;
    TaskGroup tasks{pair.context.get_executor(),
                    [&end](const std::exception_ptr& thrown) { end += text_of_exception(thrown); }};
    std::size_t sent = 0;
    tasks.spawn(pair.server->run());
    tasks.spawn(flood(pair, sent));
    pair.context.run();
    CHECK(end.starts_with("the peer is not an SSH client"));
    CHECK(sent > 0);
    // What kernels buffer, and a little.
    CHECK(sent < 4 << 20);
}
