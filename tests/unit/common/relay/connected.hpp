#pragma once

#include <string>
#include <system_error>
#include <utility>

#include <asio/buffer.hpp>
#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/read.hpp>
#include <asio/redirect_error.hpp>
#include <asio/write.hpp>

#include "common/net/awaitable.hpp"
#include "common/net/on_io_context.hpp"
#include "common/net/tcp_options.hpp"

namespace culvert::test {

/// Both ends of a connection on loopback.
inline std::pair<TcpSocket, TcpSocket> connected(asio::io_context& context) {
    using asio::ip::tcp;
    TcpAcceptor acceptor{context, tcp::endpoint{asio::ip::address_v4::loopback(), 0}};
    TcpSocket near{context};
    near.connect(acceptor.local_endpoint());
    TcpSocket far = acceptor.accept();
    near.non_blocking(true);
    far.non_blocking(true);
    return {std::move(near), std::move(far)};
}

/// A program, and the socket that one direction of a relay has of it.
struct Program {
    explicit Program(asio::io_context& context) : Program{connected(context)} {}

    void reset() {
        (void)set_on_close(own.native_handle(), OnClose::reset);
        own.close();
    }

    TcpSocket own;
    StreamSocket socket;

private:
    explicit Program(std::pair<TcpSocket, TcpSocket> ends)
        : own{std::move(ends.first)}, socket{std::move(ends.second)} {}
};

struct Received {
    std::string data;
    std::error_code end;
};

inline awaitable<Received> receive_all(TcpSocket& socket) {
    Received received;
    received.data.reserve(1 << 20);
    co_await asio::async_read(socket, asio::dynamic_buffer(received.data),
                              asio::redirect_error(use_awaitable, received.end));
    co_return received;
}

inline awaitable<void> send_all(TcpSocket& socket, std::string_view data) {
    co_await asio::async_write(socket, asio::buffer(data), use_awaitable);
    socket.shutdown(TcpSocket::shutdown_send);
}

}  // namespace culvert::test
