#pragma once

#include <memory>
#include <utility>
#include <vector>

#include <asio/ip/tcp.hpp>

#include "common/net/listener.hpp"

namespace culvert {

/// The listeners of tunnels that a new configuration has replaced. They accept nothing any more,
/// but stay open until the new tunnels have tried to bind: a connection made meanwhile waits in the
/// kernel, and is accepted by the tunnel that takes the socket over.
class ListenerHandover {
public:
    void add(std::shared_ptr<Listener> replaced) { replaced_.push_back(std::move(replaced)); }

    /// Listens on all of `endpoints`, and throws, as listen_on_all(). Sockets of replaced listeners
    /// are taken over where they have one of the addresses; each socket is taken over once.
    std::shared_ptr<Listener> listen(const IoExecutor& executor,
                                     const std::vector<asio::ip::tcp::endpoint>& endpoints);

    /// Closes what was not taken over.
    void close() noexcept;

private:
    std::vector<std::shared_ptr<Listener>> replaced_;
};

}  // namespace culvert
