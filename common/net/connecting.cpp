#include "common/net/connecting.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <cerrno>

#include <asio/redirect_error.hpp>

#include "common/net/accepted.hpp"

namespace culvert {
namespace {

using asio::ip::tcp;

std::error_code last_error() { return {errno, asio::error::get_system_category()}; }

std::error_code set(int fd, int level, int option) {
    const int on = 1;
    if (setsockopt(fd, level, option, &on, sizeof on) == 0) return {};
    return last_error();
}

bool calls_itself(int fd, const tcp::endpoint& remote) {
    tcp::endpoint local;
    auto size = static_cast<socklen_t>(local.capacity());
    if (getsockname(fd, local.data(), &size) != 0) return false;
    local.resize(size);
    return local == remote;
}

}  // namespace

Connecting::Connecting(const tcp::endpoint& remote, const std::optional<tcp::endpoint>& local)
    : remote_{remote},
      fd_{::socket(remote.protocol().family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)} {
    failure_ = fd_ ? begin(local) : last_error();
}

std::error_code Connecting::begin(const std::optional<tcp::endpoint>& local) {
    if (local) {
        // The port is chosen at connect, where it need differ for the same target only.
        if (local->port() == 0) (void)set(fd_.get(), IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT);
        const auto size = static_cast<socklen_t>(local->size());
        if (::bind(fd_.get(), local->data(), size) != 0) return last_error();
    }
    if (const auto error = set(fd_.get(), IPPROTO_TCP, TCP_NODELAY)) return error;
    const auto size = static_cast<socklen_t>(remote_.size());
    if (::connect(fd_.get(), remote_.data(), size) == 0) return {};
    if (errno != EINPROGRESS) return last_error();
    pollfd writable{fd_.get(), POLLOUT, 0};
    pending_ = ::poll(&writable, 1, 0) == 0;
    return pending_ ? std::error_code{} : outcome();
}

std::error_code Connecting::outcome() const {
    int error = 0;
    socklen_t size = sizeof error;
    if (getsockopt(fd_.get(), SOL_SOCKET, SO_ERROR, &error, &size) != 0) error = errno;
    // A port that nobody listens on may be the one that the kernel picks for us to call from.
    if (error == 0 && calls_itself(fd_.get(), remote_)) error = ECONNREFUSED;
    return {error, asio::error::get_system_category()};
}

awaitable<void> Connecting::wait() {
    tcp::socket watched{co_await asio::this_coro::executor};
    watched.assign(remote_.protocol(), fd_.get());
    std::error_code cancelled;
    co_await watched.async_wait(tcp::socket::wait_write,
                                asio::redirect_error(use_awaitable, cancelled));
    watched.release();  // the descriptor stays ours
    if (cancelled) throw std::system_error{cancelled};
    pending_ = false;
    failure_ = outcome();
}

tcp::socket Connecting::take(const asio::any_io_executor& executor) {
    return Accepted{std::move(fd_), remote_}.on(executor);
}

}  // namespace culvert
