#include "common/net/connecting.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <cerrno>

#include <asio/redirect_error.hpp>

#include "common/net/accepted.hpp"
#include "common/net/tcp_options.hpp"

namespace culvert {
namespace {

using asio::ip::tcp;

DialFailure failed_with(int error) {
    return dial_failure({error, asio::error::get_system_category()});
}

bool switch_on(int fd, int level, int option) {
    const int on = 1;
    return setsockopt(fd, level, option, &on, sizeof on) == 0;
}

/// Lends Asio a descriptor that stays its owner's, whatever happens.
struct Watched {
    Watched(const IoExecutor& executor, const tcp::endpoint& remote, int fd) : socket{executor} {
        socket.assign(remote.protocol(), fd);
    }
    Watched(const Watched&) = delete;
    Watched& operator=(const Watched&) = delete;
    ~Watched() {
        std::error_code ignored;
        socket.release(ignored);
    }

    StreamSocket socket;
};

bool calls_itself(int fd, const tcp::endpoint& remote) {
    tcp::endpoint local;
    auto size = static_cast<socklen_t>(local.capacity());
    if (getsockname(fd, local.data(), &size) != 0) return false;
    local.resize(size);
    return local == remote;
}

bool lacks_zone(const tcp::endpoint& remote) {
    return remote.address().is_v6() && remote.address().to_v6().is_link_local() &&
           remote.address().to_v6().scope_id() == 0;
}

}  // namespace

Connecting::Connecting(const tcp::endpoint& remote, const std::optional<tcp::endpoint>& local)
    : remote_{remote},
      fd_{::socket(remote.protocol().family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)} {
    if (!fd_) failure_ = failed_with(errno);
    if (!failure_ && local) failure_ = call_from(*local);
    if (!failure_) failure_ = call();
}

std::optional<DialFailure> Connecting::call_from(const tcp::endpoint& local) {
    // The port is chosen at connect, where it need differ for the same target only.
    if (local.port() == 0) (void)switch_on(fd_.get(), IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT);
    if (::bind(fd_.get(), local.data(), static_cast<socklen_t>(local.size())) == 0) {
        return std::nullopt;
    }
    const int error = errno;
    DialFailure failure = failed_with(error);
    if (error == EADDRNOTAVAIL) {
        failure.text =
            local.address().to_string() + ": not an address of this machine to connect from";
        failure.details = failure.text;
    }
    return failure;
}

std::optional<DialFailure> Connecting::call() {
    if (!switch_on(fd_.get(), IPPROTO_TCP, TCP_NODELAY)) return failed_with(errno);
    if (remote_.address().is_loopback()) set_unpaced(fd_.get());
    const auto size = static_cast<socklen_t>(remote_.size());
    if (::connect(fd_.get(), remote_.data(), size) != 0) {
        if (errno == EINVAL && lacks_zone(remote_)) {
            const std::string text = "a link-local address needs its interface";
            return DialFailure{DialFailure::Kind::other, text, text};
        }
        if (errno != EINPROGRESS) return failed_with(errno);
        pollfd writable{fd_.get(), POLLOUT, 0};
        pending_ = ::poll(&writable, 1, 0) == 0;
        if (pending_) return std::nullopt;
    }
    return outcome();
}

std::optional<DialFailure> Connecting::outcome() const {
    int error = 0;
    socklen_t size = sizeof error;
    if (getsockopt(fd_.get(), SOL_SOCKET, SO_ERROR, &error, &size) != 0) error = errno;
    // A port that nobody listens on may be the one that the kernel picks for us to call from.
    if (error == 0 && calls_itself(fd_.get(), remote_)) error = ECONNREFUSED;
    if (error == 0) return std::nullopt;
    return failed_with(error);
}

awaitable<void> Connecting::wait() {
    const auto executor = co_await asio::this_coro::executor;
    std::error_code cancelled;
    {
        Watched watched{executor, remote_, fd_.get()};
        co_await watched.socket.async_wait(StreamSocket::wait_write,
                                           asio::redirect_error(use_awaitable, cancelled));
    }
    if (cancelled) throw std::system_error{cancelled};
    pending_ = false;
    failure_ = outcome();
}

StreamSocket Connecting::take(const IoExecutor& executor) {
    return Accepted{std::move(fd_), remote_}.on(executor);
}

}  // namespace culvert
