#include "common/relay/socket_reader.hpp"

#include <array>

#include <asio/buffer.hpp>
#include <asio/redirect_error.hpp>

#include "common/engine/engine.hpp"
#include "common/net/tcp_options.hpp"

namespace culvert {

void SocketReader::on_closed() noexcept {
    if (state_ == State::open) state_ = State::finishing;
    ready_.set();
}

void SocketReader::stop() noexcept {
    state_ = State::over;
    ready_.set();
}

// No coroutine: it would be one more frame of an idle stream.
awaitable<void> SocketReader::readable(std::error_code& ended) {
    return socket_.async_wait(StreamSocket::wait_read, asio::redirect_error(use_awaitable, ended));
}

ChannelRead SocketReader::read(std::span<const MutableBytes> slots) noexcept {
    using Then = ChannelRead::Then;
    std::array<asio::mutable_buffer, Engine::most_slots> buffers;
    std::size_t room = 0;
    for (std::size_t i = 0; i < slots.size(); ++i) {
        buffers[i] = asio::buffer(slots[i].data(), slots[i].size());
        room += slots[i].size();
    }
    std::error_code failure;
    const std::size_t length = socket_.read_some(std::span{buffers}.first(slots.size()), failure);
    bytes_ += length;
    if (!failure && length == room) return {length, Then::more};
    ready_.set();
    if (!failure || failure == asio::error::would_block) return {length, Then::would_block};
    if (failure == asio::error::eof) {
        state_ = State::over;
        return {0, Then::eof};
    }
    state_ = State::failed;
    return {0, Then::failed};
}

void SocketReader::on_watched(std::error_code cancelled) noexcept {
    watch_over_.set();
    // The end of both directions wakes this too, and is no reset.
    if (cancelled || !socket_.is_open()) return;
    if (pending_error(socket_.native_handle())) state_ = State::failed;
}

}  // namespace culvert
