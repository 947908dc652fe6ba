#include "common/net/read_away.hpp"

#include <array>
#include <limits>

#include <asio/buffer.hpp>
#include <asio/redirect_error.hpp>

namespace culvert {

awaitable<bool> read_away(TcpSocket& socket, std::size_t most, std::size_t& discarded) {
    std::array<std::byte, 4096> nothing;
    std::error_code end;
    while (!end && discarded < most) {
        const std::size_t length = co_await socket.async_read_some(
            asio::buffer(nothing), asio::redirect_error(use_awaitable, end));
        discarded += length;
    }
    co_return bool{end};
}

awaitable<void> read_away(TcpSocket& socket) {
    std::size_t discarded = 0;
    (void)co_await read_away(socket, std::numeric_limits<std::size_t>::max(), discarded);
}

}  // namespace culvert
