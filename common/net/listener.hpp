#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <system_error>
#include <vector>

#include <asio/ip/tcp.hpp>

#include "common/base/endpoint.hpp"
#include "common/base/unique_fd.hpp"
#include "common/net/accepted.hpp"
#include "common/net/awaitable.hpp"
#include "common/net/binding.hpp"
#include "common/net/deadline.hpp"
#include "common/net/on_io_context.hpp"
#include "common/net/resolver.hpp"

namespace culvert {

/// Where to listen, as a user wrote it, in addresses: `localhost` is 127.0.0.1 and ::1, `*` and
/// nothing are all addresses of both families, the rest is what it resolves to; of these, what
/// `family` takes. Throws Error, also when that is nothing.
awaitable<std::vector<asio::ip::tcp::endpoint>> listen_endpoints(Resolver& resolver, Endpoint where,
                                                                 AddressFamily family,
                                                                 Deadline deadline);

/// Accepts what connects to one port of one or several addresses. It lives on its executor's
/// thread.
class Listener {
public:
    struct Events {
        /// Takes each connection. What it throws ends run().
        std::function<void(Accepted)> on_accept;
        /// Descriptors or memory have run out: connections wait in the kernel, and are tried again
        /// after 100 ms to 1 s. Called once, until on_recovered() was.
        std::function<void(std::error_code)> on_exhausted = [](std::error_code) {};
        /// Connections are accepted again, after so many failures.
        std::function<void(std::size_t failures)> on_recovered = [](std::size_t) {};
    };

    /// accept(2); tests have it fail.
    using AcceptOne = std::function<std::error_code(TcpAcceptor&, Accepted&)>;
    static std::error_code accept_one(TcpAcceptor& acceptor, Accepted& accepted);

    /// `sockets` listen already (binding.hpp), and there is one at least. Throws std::system_error
    /// when epoll has no room for them; they are closed then.
    Listener(const IoExecutor& executor, std::vector<UniqueFd> sockets,
             AcceptOne accept = accept_one);

    /// Nobody can connect any more from here on, and another listener may have the port. To be
    /// followed by the cancellation of run().
    void close() noexcept;

    /// Closes those sockets whose addresses `successor` listens on, with the same sockets.
    void close_shared_with(const Listener& successor);

    /// The addresses really bound, with the port.
    std::vector<asio::ip::tcp::endpoint> bound() const;
    /// Those that are open, for another listener to share; its own as before.
    std::vector<BoundSocket> sockets() const;

    /// Accepts until cancelled, once at a time. Then connections wait in the kernel, and can be
    /// accepted by another run(). Throws Error when the listening socket itself fails.
    awaitable<void> run(Events events);

    /// Takes the connections that wait in the kernel, after run(): ahead of closing, which would
    /// reset them. Of the events it has on_accept() alone, and throws only what that throws.
    /// Returns what kept it from taking them all, if anything did.
    std::error_code accept_rest(const Events& events);

private:
    std::vector<TcpAcceptor> acceptors_;
    AcceptOne accept_;
};

}  // namespace culvert
