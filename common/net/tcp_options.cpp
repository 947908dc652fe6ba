#include "common/net/tcp_options.hpp"

#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <limits>
#include <string_view>

#include <asio/error.hpp>

namespace culvert {
namespace {

// Not set_option(): a socket that Asio knows to linger stops doing so in its destructor, and the
// reset would be a clean end.
template <class Value>
std::error_code set(int socket, int level, int option, const Value& value) {
    if (setsockopt(socket, level, option, &value, sizeof value) == 0) return {};
    return {errno, asio::error::get_system_category()};
}

constexpr linger linger_for(OnClose on_close) { return {on_close == OnClose::reset ? 1 : 0, 0}; }

}  // namespace

std::error_code set_no_delay(int socket) { return set(socket, IPPROTO_TCP, TCP_NODELAY, 1); }

std::error_code pending_error(int socket) {
    int error = 0;
    socklen_t size = sizeof error;
    if (getsockopt(socket, SOL_SOCKET, SO_ERROR, &error, &size) != 0) error = errno;
    return {error, asio::error::get_system_category()};
}

bool has_unacknowledged(int socket) noexcept {
    int bytes = 0;
    return ioctl(socket, SIOCOUTQ, &bytes) == 0 && bytes > 0;
}

std::error_code set_on_close(int socket, OnClose on_close) {
    return set(socket, SOL_SOCKET, SO_LINGER, linger_for(on_close));
}

void set_unpaced(int socket) noexcept {
    static const bool system_paces = [socket] {
        std::array<char, 16> name{};
        socklen_t size = name.size() - 1;
        return getsockopt(socket, IPPROTO_TCP, TCP_CONGESTION, name.data(), &size) == 0 &&
               std::string_view{name.data()}.starts_with("bbr");
    }();
    constexpr std::string_view reno = "reno";  // every kernel has it, for every user
    if (!system_paces) return;
    // Refused, it is only slower.
    (void)setsockopt(socket, IPPROTO_TCP, TCP_CONGESTION, reno.data(), reno.size());
}

void acknowledge_now(int socket) noexcept {
    // Refused, the peer only waits longer.
    (void)set(socket, IPPROTO_TCP, TCP_QUICKACK, 1);
}

std::error_code set_unsent_limit(int socket, std::size_t bytes) {
    constexpr std::size_t largest = std::numeric_limits<int>::max();
    return set(socket, IPPROTO_TCP, TCP_NOTSENT_LOWAT, static_cast<int>(std::min(bytes, largest)));
}

std::error_code set_tcp_keepalive(int socket, TcpKeepalive keepalive) {
    return set(socket, SOL_SOCKET, SO_KEEPALIVE, keepalive == TcpKeepalive::on ? 1 : 0);
}

}  // namespace culvert
