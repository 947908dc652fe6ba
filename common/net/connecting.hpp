#pragma once

#include <optional>

#include <asio/ip/tcp.hpp>

#include "common/base/unique_fd.hpp"
#include "common/net/awaitable.hpp"
#include "common/net/dial_failure.hpp"
#include "common/net/on_io_context.hpp"

namespace culvert {

/// One TCP connection from connect(2) to its outcome. Not Asio's async_connect: on this machine's
/// own addresses the outcome is there at once, and a socket that Asio has once watched for
/// writability wakes its owner for that whenever it waits for anything else.
class Connecting {
public:
    /// `local` is the address to call from; its port may be 0.
    Connecting(const asio::ip::tcp::endpoint& remote,
               const std::optional<asio::ip::tcp::endpoint>& local);

    bool pending() const noexcept { return pending_; }
    /// While pending(). Throws operation_aborted when cancelled, and std::system_error when epoll
    /// has no room for it.
    awaitable<void> wait();

    /// Why there is no connection; nothing if there is one. Not while pending().
    const std::optional<DialFailure>& failure() const noexcept { return failure_; }
    /// The connected socket on the executor, non-blocking and with TCP_NODELAY, once. Throws
    /// std::system_error when epoll has no room for it.
    StreamSocket take(const IoExecutor& executor);

private:
    std::optional<DialFailure> call_from(const asio::ip::tcp::endpoint& local);
    std::optional<DialFailure> call();
    std::optional<DialFailure> outcome() const;

    asio::ip::tcp::endpoint remote_;
    UniqueFd fd_;
    bool pending_ = false;
    std::optional<DialFailure> failure_;
};

}  // namespace culvert
