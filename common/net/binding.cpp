#include "common/net/binding.hpp"

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <optional>
#include <string>

#include <asio/error.hpp>

#include "common/net/address.hpp"
#include "common/net/dial_failure.hpp"
#include "common/net/tcp_options.hpp"

namespace culvert {
namespace {

using asio::ip::tcp;

// How often a port that was free on the first address may be taken on another.
constexpr int port_choices = 16;

/// errno in Asio's category: its codes equal those of no other.
std::error_code last_error() { return {errno, asio::error::get_system_category()}; }

void expect_success(int result) {
    if (result < 0) throw std::system_error{last_error()};
}

void set_option(int descriptor, int level, int name, int value) {
    expect_success(::setsockopt(descriptor, level, name, &value, sizeof value));
}

/// For the time of one bind, sockets of this process may have addresses that overlap. Left on, the
/// option would let another process of the same user listen on the same port.
class Overlapping {
public:
    explicit Overlapping(std::vector<int> descriptors) : descriptors_{std::move(descriptors)} {
        set(1);
    }
    Overlapping(const Overlapping&) = delete;
    Overlapping& operator=(const Overlapping&) = delete;
    ~Overlapping() { set(0); }

private:
    void set(int value) const noexcept {
        for (const int one : descriptors_) {
            (void)::setsockopt(one, SOL_SOCKET, SO_REUSEPORT, &value, sizeof value);
        }
    }

    std::vector<int> descriptors_;
};

enum class Overlap { no, with_own_sockets };

UniqueFd bind_socket(const tcp::endpoint& endpoint, Overlap overlap) {
    const int family = endpoint.protocol().family();
    UniqueFd socket{::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP)};
    expect_success(socket.get());
    set_option(socket.get(), SOL_SOCKET, SO_REUSEADDR, 1);
    if (family == AF_INET6) set_option(socket.get(), IPPROTO_IPV6, IPV6_V6ONLY, 1);
    if (overlap == Overlap::with_own_sockets) {
        set_option(socket.get(), SOL_SOCKET, SO_REUSEPORT, 1);
    }
    expect_success(::bind(socket.get(), endpoint.data(), static_cast<socklen_t>(endpoint.size())));
    return socket;
}

UniqueFd listen_on(const tcp::endpoint& endpoint, Overlap overlap) {
    UniqueFd socket = bind_socket(endpoint, overlap);
    // Accepted sockets inherit these, which saves a call for each.
    set_option(socket.get(), IPPROTO_TCP, TCP_NODELAY, 1);
    if (endpoint.address().is_loopback()) set_unpaced(socket.get());
    expect_success(::listen(socket.get(), SOMAXCONN));
    if (overlap == Overlap::with_own_sockets) {
        set_option(socket.get(), SOL_SOCKET, SO_REUSEPORT, 0);
    }
    return socket;
}

UniqueFd shared(const BoundSocket& other) {
    UniqueFd socket{::fcntl(other.descriptor, F_DUPFD_CLOEXEC, 0)};
    expect_success(socket.get());
    return socket;
}

/// Those of `before` whose addresses overlap with the endpoint.
std::vector<int> overlapping(const tcp::endpoint& endpoint,
                             const std::vector<BoundSocket>& before) {
    std::vector<int> found;
    for (const BoundSocket& one : before) {
        if (covers(endpoint, one.endpoint) || covers(one.endpoint, endpoint)) {
            found.push_back(one.descriptor);
        }
    }
    return found;
}

UniqueFd listen_beside(const tcp::endpoint& endpoint, const std::vector<BoundSocket>& before) {
    std::vector<int> ours = overlapping(endpoint, before);
    if (ours.empty()) return listen_on(endpoint, Overlap::no);
    const Overlapping allowed{std::move(ours)};
    return listen_on(endpoint, Overlap::with_own_sockets);
}

/// The sockets for one endpoint: its own, and those of `before` that it covers.
void add_sockets(std::vector<UniqueFd>& sockets, const tcp::endpoint& endpoint,
                 const std::vector<BoundSocket>& before) {
    const auto same = std::ranges::find(before, endpoint, &BoundSocket::endpoint);
    sockets.push_back(same != before.end() ? shared(*same) : listen_beside(endpoint, before));
    for (const BoundSocket& one : before) {
        if (one.endpoint != endpoint && covers(endpoint, one.endpoint)) {
            sockets.push_back(shared(one));
        }
    }
}

std::uint16_t port_of(const UniqueFd& socket) {
    tcp::endpoint bound;
    auto size = static_cast<socklen_t>(bound.capacity());
    expect_success(::getsockname(socket.get(), bound.data(), &size));
    bound.resize(size);
    return bound.port();
}

/// Empty when the port picked for the first address is taken on another.
std::vector<UniqueFd> try_to_listen(const std::vector<tcp::endpoint>& endpoints,
                                    const std::vector<BoundSocket>& before) {
    std::vector<UniqueFd> sockets;
    std::optional<Error> missing;
    std::uint16_t port = endpoints.front().port();
    const bool any_port = port == 0;
    for (const tcp::endpoint& given : endpoints) {
        const tcp::endpoint endpoint{given.address(), port};
        try {
            // Whatever has a port that is picked now has nothing to do with it.
            add_sockets(sockets, endpoint, any_port ? std::vector<BoundSocket>{} : before);
        } catch (const std::system_error& error) {
            if (error.code().value() == EADDRINUSE && any_port && port != 0) return {};
            if (!is_missing_here(error.code())) throw listen_error(endpoint, error.code());
            if (!missing) missing = listen_error(endpoint, error.code());
            continue;
        }
        if (any_port) port = port_of(sockets.back());
    }
    if (sockets.empty()) throw *missing;
    return sockets;
}

}  // namespace

bool covers(const tcp::endpoint& wide, const tcp::endpoint& narrow) {
    if (wide.port() != narrow.port() || wide.port() == 0) return false;
    if (wide == narrow) return true;
    return wide.protocol() == narrow.protocol() && wide.address().is_unspecified();
}

std::vector<UniqueFd> listen_on_all(const std::vector<tcp::endpoint>& endpoints,
                                    const std::vector<BoundSocket>& before) {
    for (int tries = 0; tries < port_choices; ++tries) {
        auto sockets = try_to_listen(endpoints, before);
        if (!sockets.empty()) return sockets;
    }
    throw Error{ErrorKind::network,
                to_string(endpoints.front()) + ": found no port that is free on all addresses",
                Hint{"choose a port instead of 0"}};
}

std::error_code try_to_bind(const tcp::endpoint& endpoint) {
    try {
        (void)bind_socket(endpoint, Overlap::no);
        return {};
    } catch (const std::system_error& error) {
        return error.code();
    }
}

bool is_missing_here(std::error_code error) {
    return error.value() == EADDRNOTAVAIL || error.value() == EAFNOSUPPORT;
}

Error listen_error(const tcp::endpoint& endpoint, std::error_code reason) {
    const auto error = [&](const std::string& why, const std::string& hint) {
        return Error{ErrorKind::network, to_string(endpoint) + ": " + why, Hint{hint}};
    };
    switch (reason.value()) {
        case EADDRINUSE:
            return error("address already in use by another program",
                         "choose another port, or stop the program (ss -ltnp shows which it is)");
        case EADDRNOTAVAIL:
            return error("this machine doesn't have the address",
                         "choose one of its addresses (ip addr shows them), localhost or *");
        case EACCES:
            return error("permission denied",
                         "ports below 1024 need root or CAP_NET_BIND_SERVICE: choose a higher one");
        default:
            return error("can't listen: " + dial_failure(reason).text, "");
    }
}

}  // namespace culvert
