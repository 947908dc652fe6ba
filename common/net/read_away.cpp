#include "common/net/read_away.hpp"

#include <array>

#include <asio/buffer.hpp>
#include <asio/redirect_error.hpp>

#include "common/net/pause.hpp"
#include "common/net/tcp_options.hpp"

namespace culvert {

awaitable<bool> read_away(StreamSocket& socket, std::size_t most, std::size_t& discarded) {
    std::array<std::byte, 4096> nothing;
    std::error_code end;
    while (!end && discarded < most) {
        const std::size_t length = co_await socket.async_read_some(
            asio::buffer(nothing, most - discarded), asio::redirect_error(use_awaitable, end));
        discarded += length;
    }
    co_return bool{end};
}

awaitable<void> let_tail_arrive(StreamSocket& socket, std::size_t& discarded) {
    constexpr std::size_t most_discarded = 256 * 1024;
    constexpr Duration between_looks = std::chrono::milliseconds{20};
    (void)co_await read_away(socket, most_discarded, discarded);
    while (has_unacknowledged(socket.native_handle())) {
        co_await pause(between_looks);
    }
}

}  // namespace culvert
