#pragma once

#include <cassert>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "common/base/time.hpp"
#include "common/connection/channel_user.hpp"
#include "common/connection/window_budget.hpp"
#include "common/net/awaitable.hpp"
#include "common/net/event.hpp"
#include "common/net/on_io_context.hpp"
#include "common/relay/backlog.hpp"

namespace culvert {

/// The other direction of a relay: what a channel receives goes to a program's socket, up to the
/// channel's EOF, which becomes a FIN. While the program is behind, a coroutine of the relay's
/// writes what waits, step by step; otherwise this direction has none.
class SocketWriter {
public:
    enum class State : std::uint8_t {
        open,       ///< what the channel receives goes to the program
        finishing,  ///< the channel has received all; the program has yet to take the last of it
        over,       ///< the program has its FIN, or the stream was aborted
        failed,     ///< the program takes no more, or there is no memory for what waits
    };

    /// The socket must outlive it.
    explicit SocketWriter(StreamSocket& socket) noexcept : socket_{socket} { caught_up_.set(); }
    SocketWriter(const SocketWriter&) = delete;
    SocketWriter& operator=(const SocketWriter&) = delete;
    ~SocketWriter() { assert(!is_behind()); }

    State state() const noexcept { return state_; }
    /// What the socket took.
    std::uint64_t bytes() const noexcept { return bytes_; }

    // ---- events
    /// Received, in order: returns how many bytes the socket took at once. If it did not take all,
    /// the program is behind from here on, and the rest is kept or left. While the program is
    /// behind nothing is taken at once.
    std::size_t write(std::span<const Bytes> data, Rest rest) noexcept;
    /// The channel has received all: FIN follows the last byte.
    void on_eof() noexcept;
    /// The channel is gone. What waits counts against the budget for as long as it waits.
    void on_closed(const std::shared_ptr<WindowBudget>& budget) noexcept;
    /// The stream is aborted.
    void stop() noexcept { state_ = State::over; }

    // ---- while the program is behind
    bool is_behind() const noexcept { return !caught_up_.is_set(); }
    bool has_backlog() const noexcept { return !backlog_.empty(); }
    /// Waits until the socket takes more, writes of what waits, and returns how much it took. Fails
    /// when the program takes nothing for `tail_time` of a tail that has outlived its channel.
    awaitable<std::size_t> write_more(Duration tail_time);
    /// Nothing waits any more, or what does is dropped.
    void catch_up() noexcept;
    awaitable<void> caught_up() { return caught_up_.wait(); }

private:
    std::size_t write_now(std::span<const Bytes> data) noexcept;
    std::size_t write_backlog() noexcept;
    void keep(std::span<const Bytes> data, std::size_t written) noexcept;
    void finish_if_caught_up() noexcept;

    StreamSocket& socket_;
    std::uint64_t bytes_ = 0;
    Backlog backlog_;
    std::optional<WindowBudget::Claim> tail_;  ///< of a backlog that has outlived its channel
    Event caught_up_;                          ///< set but while the program is behind
    State state_ = State::open;
};

}  // namespace culvert
