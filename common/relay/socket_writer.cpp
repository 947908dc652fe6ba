#include "common/relay/socket_writer.hpp"

#include <algorithm>
#include <array>
#include <new>
#include <utility>

#include <asio/buffer.hpp>

#include "common/base/memory_reserve.hpp"
#include "common/net/timeout.hpp"

namespace culvert {
namespace {

// What one writev takes; Asio has room for no more.
constexpr std::size_t most_buffers = 64;

std::size_t size_of(std::span<const Bytes> data) {
    std::size_t size = 0;
    for (const Bytes piece : data) size += piece.size();
    return size;
}

}  // namespace

std::size_t SocketWriter::write(std::span<const Bytes> data, Rest rest) noexcept {
    const std::size_t written = is_behind() ? 0 : write_now(data);
    if (state_ == State::failed || written == size_of(data)) return written;
    if (rest == Rest::keep) keep(data, written);
    if (state_ != State::failed) caught_up_.reset();
    return written;
}

std::size_t SocketWriter::write_now(std::span<const Bytes> data) noexcept {
    std::array<asio::const_buffer, most_buffers> buffers;
    std::size_t size = 0;
    assert(data.size() <= most_buffers);
    for (std::size_t i = 0; i < data.size(); ++i) {
        buffers[i] = asio::buffer(data[i].data(), data[i].size());
        size += data[i].size();
    }
    if (size == 0) return 0;
    std::error_code failure;
    const std::size_t written = socket_.write_some(std::span{buffers}.first(data.size()), failure);
    bytes_ += written;
    if (failure && failure != asio::error::would_block) state_ = State::failed;
    return written;
}

/// Buffers what the socket did not take; fails when memory is low.
void SocketWriter::keep(std::span<const Bytes> data, std::size_t written) noexcept {
    try {
        if (!has_memory()) throw std::bad_alloc{};
        for (const Bytes piece : data) {
            const std::size_t skipped = std::min(written, piece.size());
            written -= skipped;
            backlog_.append(piece.subspan(skipped));
        }
    } catch (const std::bad_alloc&) {
        state_ = State::failed;
    }
}

awaitable<std::size_t> SocketWriter::write_more(Duration tail_time) {
    auto writable =
        with_timeout(socket_.async_wait(StreamSocket::wait_write, use_awaitable), tail_time);
    const bool in_time = co_await std::move(writable);
    if (state_ == State::over || state_ == State::failed) co_return 0;
    // The far end has closed: nothing there waits any more for a program that reads nothing.
    if (!in_time && tail_) {
        state_ = State::failed;
        co_return 0;
    }
    co_return write_backlog();
}

std::size_t SocketWriter::write_backlog() noexcept {
    std::array<Bytes, most_buffers> views;
    const std::size_t written = write_now(backlog_.front(views));
    backlog_.taken(written);
    return written;
}

void SocketWriter::catch_up() noexcept {
    backlog_.clear();
    tail_.reset();
    caught_up_.set();
    finish_if_caught_up();
}

void SocketWriter::on_eof() noexcept {
    if (state_ == State::open) state_ = State::finishing;
    finish_if_caught_up();
}

void SocketWriter::on_closed(const std::shared_ptr<WindowBudget>& budget) noexcept {
    // The window's claim has gone with the channel; what it let in is still here.
    if (has_backlog()) tail_.emplace(budget, backlog_.size());
    on_eof();
}

void SocketWriter::finish_if_caught_up() noexcept {
    if (state_ != State::finishing || is_behind()) return;
    std::error_code failure;
    socket_.shutdown(StreamSocket::shutdown_send, failure);
    state_ = failure ? State::failed : State::over;
}

}  // namespace culvert
