#pragma once

#include <functional>
#include <memory>

#include "client/host_key_check.hpp"
#include "client/listener_handover.hpp"
#include "client/settings.hpp"
#include "common/connection/window_budget.hpp"
#include "common/crypto/random.hpp"
#include "common/net/connector.hpp"
#include "common/net/on_io_context.hpp"
#include "common/net/resolver.hpp"

namespace culvert {

/// What all tunnels of the program share; it outlives them.
struct ClientContext {
    IoExecutor executor;
    /// Where the next SSH connection is to live: on this thread or another one.
    std::function<IoExecutor()> next_thread;
    std::shared_ptr<WindowBudget> windows;  ///< of all connections
    Resolver& resolver;
    Random& random;
    AskUser ask;
    /// How a tunnel's server is reached. The settings outlive what it returns.
    std::function<std::unique_ptr<Connector>(const TunnelSettings&)> connector_for;
    std::shared_ptr<ListenerHandover> handover = std::make_shared<ListenerHandover>();
    /// Told when the status() of a tunnel has changed. It must not touch the tunnel at once.
    std::function<void()> on_change = [] {};
};

}  // namespace culvert
