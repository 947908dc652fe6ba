#pragma once

#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <cstddef>
#include <filesystem>
#include <iterator>
#include <vector>

#include <doctest/doctest.h>
#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>

#include "common/net/on_io_context.hpp"

namespace culvert {

using asio::ip::tcp;

inline tcp::endpoint loopback_v4(std::uint16_t port = 0) {
    return {asio::ip::address_v4::loopback(), port};
}
inline tcp::endpoint loopback_v6(std::uint16_t port = 0) {
    return {asio::ip::address_v6::loopback(), port};
}

inline bool has_ipv6() {
    asio::io_context io;
    TcpAcceptor acceptor{io};
    std::error_code error;
    acceptor.open(tcp::v6(), error);
    if (!error) acceptor.bind(loopback_v6(), error);
    return !error;
}

/// An endpoint of 127.0.0.1 that refuses: bound, so that nobody else gets the port, not listening.
class Refusing {
public:
    explicit Refusing(asio::io_context& io) : socket_{io, loopback_v4()} {}
    tcp::endpoint endpoint() const { return socket_.local_endpoint(); }

private:
    TcpSocket socket_;
};

/// An endpoint that doesn't answer: the queue of a listener that never accepts is full.
class Silent {
public:
    explicit Silent(asio::io_context& io) : acceptor_{io} {
        acceptor_.open(tcp::v4());
        acceptor_.bind({asio::ip::make_address("127.0.0.2"), 0});
        acceptor_.listen(0);
        while (fill_one(io)) REQUIRE(queued_.size() < 100);
    }
    tcp::endpoint endpoint() const { return acceptor_.local_endpoint(); }

private:
    bool fill_one(asio::io_context& io) {
        TcpSocket socket{io, tcp::v4()};
        socket.non_blocking(true);
        const tcp::endpoint to = endpoint();
        const auto size = static_cast<socklen_t>(to.size());
        const int result = ::connect(socket.native_handle(), to.data(), size);
        pollfd waiting{socket.native_handle(), POLLOUT, 0};
        const bool connected = result == 0 || ::poll(&waiting, 1, 20) == 1;
        queued_.push_back(std::move(socket));
        return connected;
    }

    TcpAcceptor acceptor_;
    std::vector<TcpSocket> queued_;
};

inline std::ptrdiff_t open_descriptors() {
    const std::filesystem::directory_iterator all{"/proc/self/fd"};
    return std::distance(begin(all), end(all));
}

/// While it lives no descriptor can be opened. UBSan needs some when it meets a type for the first
/// time: what is to be tested runs once before.
class NoDescriptors {
public:
    NoDescriptors() {
        getrlimit(RLIMIT_NOFILE, &before_);
        rlimit none = before_;
        none.rlim_cur = 0;
        setrlimit(RLIMIT_NOFILE, &none);
    }
    NoDescriptors(const NoDescriptors&) = delete;
    NoDescriptors& operator=(const NoDescriptors&) = delete;
    ~NoDescriptors() { setrlimit(RLIMIT_NOFILE, &before_); }

private:
    rlimit before_{};
};

}  // namespace culvert
