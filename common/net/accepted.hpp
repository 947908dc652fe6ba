#pragma once

#include <utility>

#include <asio/ip/tcp.hpp>

#include "common/base/unique_fd.hpp"
#include "common/net/on_io_context.hpp"

namespace culvert {

/// A connection as the kernel handed it out, not on any io_context yet: it can be carried to
/// another thread. Non-blocking and with TCP_NODELAY.
struct Accepted {
    UniqueFd fd;
    asio::ip::tcp::endpoint remote;

    /// To be called on the thread of the executor's io_context. Throws std::system_error when epoll
    /// has no room for it, and the connection is closed.
    StreamSocket on(const IoExecutor& executor) && {
        StreamSocket socket{executor};
        socket.assign(remote.protocol(), fd.get());
        fd.release();
        // Asio waits in a call that would block unless it was told this itself.
        socket.non_blocking(true);
        return socket;
    }
};

}  // namespace culvert
