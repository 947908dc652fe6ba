#include "common/net/listener.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <span>
#include <utility>
#include <variant>

#include <fmt/format.h>
#include <asio/error.hpp>

#include "common/base/error.hpp"
#include "common/base/escape.hpp"
#include "common/base/host_name.hpp"
#include "common/net/address.hpp"
#include "common/net/both.hpp"
#include "common/net/dial_failure.hpp"

namespace culvert {
namespace {

using asio::ip::tcp;
using namespace std::chrono_literals;

// After so many at a stretch the thread's other work goes on.
constexpr int batch_length = 64;
/// No more connections wait in the kernel: Linux lets one more wait than listen(2) was asked for.
constexpr int most_waiting = SOMAXCONN + 1;
constexpr Duration shortest_pause = 100ms;
constexpr Duration longest_pause = 1s;

/// Which errors say that descriptors or memory have run out, and how long to wait then.
class Exhaustion {
public:
    explicit Exhaustion(const Listener::Events& events) : events_{events} {}

    static bool is(std::error_code error) {
        const int reason = error.value();
        return reason == EMFILE || reason == ENFILE || reason == ENOBUFS || reason == ENOMEM;
    }

    Duration pause_after(std::error_code error) {
        if (failures_++ == 0) {
            pause_ = shortest_pause;
            events_.on_exhausted(error);
        } else {
            pause_ = std::min(2 * pause_, longest_pause);
        }
        return pause_;
    }

    void is_over() {
        if (const std::size_t failures = std::exchange(failures_, 0)) {
            events_.on_recovered(failures);
        }
    }

private:
    const Listener::Events& events_;
    std::size_t failures_ = 0;
    Duration pause_{};
};

/// accept(2) passes on the connection's own errors, which are nobody's concern any more.
bool is_lost_connection(std::error_code error) {
    switch (error.value()) {
        case ECONNABORTED:
        case EINTR:
        case EPERM:  // a firewall's no
        case EPROTO:
        case ENOPROTOOPT:
        case ENETDOWN:
        case ENETUNREACH:
        case EHOSTDOWN:
        case EHOSTUNREACH:
        case ENONET:
        case EOPNOTSUPP:
            return true;
        default:
            return false;
    }
}

/// The accepting half of one run().
class Accepting {
public:
    Accepting(const Listener::AcceptOne& accept, const Listener::Events& events)
        : accept_{accept}, events_{events}, exhaustion_{events} {}

    awaitable<void> from_all(std::span<TcpAcceptor> acceptors) {
        auto first = from(acceptors.front());
        if (acceptors.size() == 1) return first;
        return both(std::move(first), from_all(acceptors.subspan(1)));
    }

private:
    awaitable<void> from(TcpAcceptor& acceptor);
    std::error_code batch(TcpAcceptor& acceptor);

    const Listener::AcceptOne& accept_;
    const Listener::Events& events_;
    Exhaustion exhaustion_;
};

awaitable<void> Accepting::from(TcpAcceptor& acceptor) {
    Timer timer{acceptor.get_executor()};
    for (;;) {
        const std::error_code exhausted = batch(acceptor);
        if (exhausted) {
            timer.expires_after(exhaustion_.pause_after(exhausted));
            co_await timer.async_wait(use_awaitable);
        } else {
            // Also when nobody was there: accept(2) takes its descriptor first.
            exhaustion_.is_over();
            co_await acceptor.async_wait(TcpAcceptor::wait_read, use_awaitable);
        }
    }
}

/// Takes what is there, up to a batch. The error is one of Exhaustion's.
std::error_code Accepting::batch(TcpAcceptor& acceptor) {
    for (int taken = 0; taken < batch_length; ++taken) {
        Accepted accepted;
        const std::error_code error = accept_(acceptor, accepted);
        if (!error) {
            events_.on_accept(std::move(accepted));
        } else if (error == asio::error::would_block) {
            break;
        } else if (Exhaustion::is(error)) {
            return error;
        } else if (!is_lost_connection(error)) {
            throw Error{ErrorKind::network, to_string(acceptor.local_endpoint()) +
                                                ": can't accept: " + dial_failure(error).text};
        }
    }
    return {};
}

tcp protocol_of(const UniqueFd& socket) {
    tcp::endpoint bound;
    auto size = static_cast<socklen_t>(bound.capacity());
    if (::getsockname(socket.get(), bound.data(), &size) != 0) return tcp::v4();
    bound.resize(size);
    return bound.protocol();
}

}  // namespace

awaitable<std::vector<tcp::endpoint>> listen_endpoints(Resolver& resolver, Endpoint where,
                                                       AddressFamily family, Deadline deadline) {
    const std::uint16_t port = where.port;
    if (where.host.empty() || where.host == "*") {
        std::vector<tcp::endpoint> all;
        if (family != AddressFamily::v6) all.emplace_back(asio::ip::address_v4::any(), port);
        if (family != AddressFamily::v4) all.emplace_back(asio::ip::address_v6::any(), port);
        co_return all;
    }
    for (const auto& why : {zone_missing(where.host), zone_unknown(where.host)}) {
        if (why) {
            throw Error{ErrorKind::network,
                        fmt::format("can't listen: {}: {}", escaped(to_string(where)), *why)};
        }
    }
    auto resolved = co_await resolver.resolve(where.host, port, family, deadline);
    if (const auto* failure = std::get_if<DialFailure>(&resolved)) {
        throw with_context("can't listen", to_error(where, *failure));
    }
    co_return std::get<std::vector<tcp::endpoint>>(std::move(resolved));
}

std::error_code Listener::accept_one(TcpAcceptor& acceptor, Accepted& accepted) {
    auto size = static_cast<socklen_t>(accepted.remote.capacity());
    accepted.fd = UniqueFd{::accept4(acceptor.native_handle(), accepted.remote.data(), &size,
                                     SOCK_NONBLOCK | SOCK_CLOEXEC)};
    // In Asio's category: its codes equal those of no other.
    if (!accepted.fd) return {errno, asio::error::get_system_category()};
    accepted.remote.resize(size);
    return {};
}

Listener::Listener(const IoExecutor& executor, std::vector<UniqueFd> sockets, AcceptOne accept)
    : accept_{std::move(accept)} {
    assert(!sockets.empty());
    for (UniqueFd& socket : sockets) {
        // Asio has to be given the descriptor: of sockets that it made itself it believes that
        // closing takes them out of epoll, which isn't so while another descriptor shares them.
        acceptors_.emplace_back(executor);
        acceptors_.back().assign(protocol_of(socket), socket.get());
        (void)socket.release();
        acceptors_.back().non_blocking(true);
    }
}

void Listener::close() noexcept {
    std::error_code ignored;
    for (TcpAcceptor& acceptor : acceptors_) acceptor.close(ignored);
}

void Listener::close_shared_with(const Listener& successor) {
    const auto theirs = successor.bound();
    for (TcpAcceptor& acceptor : acceptors_) {
        if (!acceptor.is_open()) continue;
        if (std::ranges::find(theirs, acceptor.local_endpoint()) == theirs.end()) continue;
        std::error_code ignored;
        acceptor.close(ignored);
    }
}

std::vector<tcp::endpoint> Listener::bound() const {
    std::vector<tcp::endpoint> endpoints;
    for (const auto& acceptor : acceptors_) {
        if (acceptor.is_open()) endpoints.push_back(acceptor.local_endpoint());
    }
    return endpoints;
}

std::vector<BoundSocket> Listener::sockets() const {
    std::vector<BoundSocket> open;
    for (const auto& acceptor : acceptors_) {
        if (!acceptor.is_open()) continue;
        // Asio's way to a descriptor isn't const.
        const int descriptor = const_cast<TcpAcceptor&>(acceptor).native_handle();
        open.push_back({acceptor.local_endpoint(), descriptor});
    }
    return open;
}

awaitable<void> Listener::run(Events events) {
    Accepting accepting{accept_, events};
    co_await accepting.from_all(acceptors_);
}

std::error_code Listener::accept_rest(const Events& events) {
    std::error_code failure;
    for (TcpAcceptor& acceptor : acceptors_) {
        // Bounded: others may go on connecting as fast as they are taken.
        for (int taken = 0; taken < most_waiting; ++taken) {
            Accepted accepted;
            const std::error_code error = accept_(acceptor, accepted);
            if (!error) {
                events.on_accept(std::move(accepted));
            } else if (!is_lost_connection(error)) {
                if (error != asio::error::would_block) failure = error;
                break;
            }
        }
    }
    return failure;
}

}  // namespace culvert
