#include "common/net/tcp_options.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <array>
#include <memory>
#include <string>
#include <string_view>

#include <asio/buffer.hpp>
#include <asio/io_context.hpp>
#include <asio/read.hpp>
#include <asio/write.hpp>

#include "tests/unit/common/net/loopback.hpp"

namespace culvert {
namespace {

/// Two ends of one connection.
struct Connected {
    explicit Connected(asio::io_context& io) : one{std::make_unique<TcpSocket>(io)}, other{io} {
        TcpAcceptor acceptor{io, loopback_v4()};
        one->connect(acceptor.local_endpoint());
        acceptor.accept(other);
    }

    std::unique_ptr<TcpSocket> one;
    TcpSocket other;
};

int option(TcpSocket& socket, int level, int name) {
    int value = -1;
    socklen_t size = sizeof value;
    CHECK(getsockopt(socket.native_handle(), level, name, &value, &size) == 0);
    return value;
}

std::error_code read_end(TcpSocket& socket) {
    char byte{};
    std::error_code error;
    socket.read_some(asio::buffer(&byte, 1), error);
    return error;
}

TEST_CASE("a socket set to reset does so when it is only destroyed") {
    asio::io_context io;
    struct Row {
        const char* name;
        std::vector<OnClose> settings;
        std::error_code end;
    };
    for (const Row& row : {
             Row{"the default", {}, asio::error::eof},
             Row{"reset", {OnClose::reset}, asio::error::connection_reset},
             Row{"taken back", {OnClose::reset, OnClose::finish}, asio::error::eof},
         }) {
        CAPTURE(row.name);
        Connected connected{io};
        for (const OnClose setting : row.settings) {
            CHECK_FALSE(set_on_close(connected.one->native_handle(), setting));
        }
        connected.one.reset();
        CHECK(read_end(connected.other) == row.end);
    }
}

TEST_CASE("a socket whose requests and answers alternate can be told to acknowledge now") {
    asio::io_context io;
    Connected connected{io};
    char byte{};
    for (int i = 0; i < 8; ++i) {
        asio::write(*connected.one, asio::buffer(&byte, 1));
        asio::read(connected.other, asio::buffer(&byte, 1));
        asio::write(connected.other, asio::buffer(&byte, 1));
        asio::read(*connected.one, asio::buffer(&byte, 1));
    }
    // The kernel has seen the pattern, and waits for the next request to carry the acknowledgement.
    CHECK(option(*connected.one, IPPROTO_TCP, TCP_QUICKACK) == 0);
    acknowledge_now(connected.one->native_handle());
    CHECK(option(*connected.one, IPPROTO_TCP, TCP_QUICKACK) == 1);
}

std::string congestion_control(int socket) {
    std::array<char, 16> name{};
    socklen_t size = name.size() - 1;
    REQUIRE(getsockopt(socket, IPPROTO_TCP, TCP_CONGESTION, name.data(), &size) == 0);
    return name.data();
}

TEST_CASE("what stays within the machine isn't paced, and what is accepted inherits that") {
    asio::io_context io;
    TcpAcceptor acceptor{io, loopback_v4()};
    // What doesn't pace stays as the system has it.
    const std::string usual = congestion_control(acceptor.native_handle());
    const std::string unpaced = usual.starts_with("bbr") ? "reno" : usual;
    set_unpaced(acceptor.native_handle());
    TcpSocket one{io};
    one.open(tcp::v4());
    set_unpaced(one.native_handle());
    one.connect(acceptor.local_endpoint());
    TcpSocket other = acceptor.accept();
    for (TcpSocket* const socket : {&one, &other}) {
        CHECK(congestion_control(socket->native_handle()) == unpaced);
    }
}

TEST_CASE("what is on its way is told from what the other end's kernel has") {
    asio::io_context io;
    Connected pair{io};
    CHECK_FALSE(has_unacknowledged(pair.one->native_handle()));
    pair.other.set_option(TcpSocket::receive_buffer_size{4096});
    pair.one->non_blocking(true);
    const std::string data(1 << 20, 'x');
    std::error_code full;
    while (!full) pair.one->write_some(asio::buffer(data), full);
    CHECK(has_unacknowledged(pair.one->native_handle()));
}

TEST_CASE("options reach the kernel, and a closed socket is an error") {
    asio::io_context io;
    Connected connected{io};
    TcpSocket& socket = *connected.one;
    CHECK_FALSE(set_no_delay(socket.native_handle()));
    CHECK(option(socket, IPPROTO_TCP, TCP_NODELAY) != 0);
    CHECK_FALSE(set_unsent_limit(socket.native_handle(), 16'384));
    CHECK(option(socket, IPPROTO_TCP, TCP_NOTSENT_LOWAT) == 16'384);
    CHECK_FALSE(set_tcp_keepalive(socket.native_handle(), TcpKeepalive::on));
    CHECK(option(socket, SOL_SOCKET, SO_KEEPALIVE) != 0);
    CHECK_FALSE(set_tcp_keepalive(socket.native_handle(), TcpKeepalive::off));
    CHECK(option(socket, SOL_SOCKET, SO_KEEPALIVE) == 0);
    socket.close();
    CHECK(set_no_delay(socket.native_handle()) == asio::error::bad_descriptor);
}

}  // namespace
}  // namespace culvert
