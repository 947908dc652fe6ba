#pragma once

#include <cstddef>
#include <system_error>

namespace culvert {

// Options of sockets by their descriptors, whatever owns them. Those of TCP are refused by others.

/// Small segments are sent at once (TCP_NODELAY). Dialer and Listener have set it already.
[[nodiscard]] std::error_code set_no_delay(int socket);

/// What the peer sees when the socket is closed, also by the death of this process.
enum class OnClose {
    finish,  ///< what was written, then FIN; the default of a new socket
    reset,   ///< RST; what it hasn't taken yet is lost (linger of zero)
};
[[nodiscard]] std::error_code set_on_close(int socket, OnClose on_close);

/// For a connection within this machine. It has no path whose rate is to be found out, so where the
/// system's congestion control does that (bbr), and sends by a timer, this socket has reno: a
/// third less CPU for bulk. Inherited by what is accepted.
void set_unpaced(int socket) noexcept;

/// What came is acknowledged now, where the kernel would first wait for something to send with it
/// (TCP_QUICKACK; up to 40 ms). A peer whose Nagle algorithm is on sends no small packet before.
void acknowledge_now(int socket) noexcept;

/// The socket is writable only while the kernel holds less than `bytes` of it unsent
/// (TCP_NOTSENT_LOWAT): what is sent next is decided late.
[[nodiscard]] std::error_code set_unsent_limit(int socket, std::size_t bytes);

/// Whether something that was written, or the FIN, has yet to be acknowledged by the peer's kernel.
bool has_unacknowledged(int socket) noexcept;

/// What the kernel has to report of the connection, such as a reset; it reports it once.
[[nodiscard]] std::error_code pending_error(int socket);

/// The kernel's own probes of an idle connection, at the system's intervals.
enum class TcpKeepalive { off, on };
[[nodiscard]] std::error_code set_tcp_keepalive(int socket, TcpKeepalive keepalive);

}  // namespace culvert
