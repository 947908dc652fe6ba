#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <system_error>
#include <vector>

#include <asio/ip/tcp.hpp>

#include "common/forward/forward.hpp"
#include "common/net/listener.hpp"
#include "common/net/task_group.hpp"

namespace culvert {

/// Names a forward. Unique in the process, and not used again.
enum class ForwardId : std::uint64_t {};

class Inbound;

/// Who places what connects to forwards, on their thread.
class InboundOwner {
public:
    virtual ~InboundOwner() = default;

    virtual void on_connected(const Inbound& inbound, Accepted accepted) = 0;
    /// Descriptors or memory have run out: connections wait in the kernel.
    virtual void on_exhausted(std::error_code why) = 0;
    virtual void on_recovered(std::size_t failures) = 0;
    /// The listener itself has failed, and is closed.
    virtual void on_failed(const Inbound& inbound, const std::exception_ptr& why) = 0;
};

/// The inbound end of a forward: its listening sockets, and what connects to them. It lives on one
/// thread; what it was asked for and its name may be read from any.
class Inbound {
public:
    Inbound(IoExecutor executor, Forward what, InboundOwner& owner);

    ForwardId id() const noexcept { return id_; }
    const Forward& forward() const noexcept { return forward_; }

    /// Accepts what connects to the listener from here on.
    void listen(std::shared_ptr<Listener> listener);
    bool is_bound() const noexcept { return listener_ != nullptr; }
    /// The addresses really bound, with the port.
    std::vector<asio::ip::tcp::endpoint> bound() const;
    /// How many have connected so far.
    std::uint64_t connected() const noexcept { return connected_; }

    /// Ends the forward: its ports are free at once, and what waits in the kernel is reset.
    void close() noexcept;
    /// As close(), but what waits in the kernel is still taken.
    void accept_rest_and_close();
    /// Stops accepting, and gives the listener away, open.
    std::shared_ptr<Listener> release() noexcept;
    /// Closes it, and returns when it has.
    awaitable<void> join();

private:
    awaitable<void> accept(std::shared_ptr<Listener> listener);
    Listener::Events events();

    ForwardId id_;
    Forward forward_;
    InboundOwner& owner_;
    std::shared_ptr<Listener> listener_;  ///< null: not bound, or closed
    std::uint64_t connected_ = 0;
    TaskGroup accepting_;
};

}  // namespace culvert
