#include "common/net/read_away.hpp"

#include <array>
#include <cstddef>

#include <asio/buffer.hpp>
#include <asio/redirect_error.hpp>

namespace culvert {

awaitable<void> read_away(asio::ip::tcp::socket& socket) {
    std::array<std::byte, 4096> nothing;
    std::error_code end;
    while (!end) {
        co_await socket.async_read_some(asio::buffer(nothing),
                                        asio::redirect_error(use_awaitable, end));
    }
}

}  // namespace culvert
