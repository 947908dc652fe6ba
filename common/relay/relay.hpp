#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "common/net/awaitable.hpp"
#include "common/net/event.hpp"
#include "common/net/on_io_context.hpp"
#include "common/net/task_group.hpp"
#include "common/pacing/limits.hpp"
#include "common/relay/socket_reader.hpp"
#include "common/relay/socket_writer.hpp"
#include "common/session/session.hpp"

namespace culvert {

/// How a relayed stream ended, for its one log line.
enum class RelayEnd : std::uint8_t {
    clean,            ///< both directions, or the peer's CLOSE
    refused,          ///< the channel was never opened
    reset_here,       ///< our socket's other end reset it
    reset_there,      ///< the far end did, and the peer said so
    connection_lost,  ///< the SSH connection went first
    ended_here,       ///< by Relay::end()
};
std::string_view name_of(RelayEnd end) noexcept;

/// Carries bytes between a program's socket and a channel, both ways, each direction to its own end
/// (docs/contract.md, what a local program sees): EOF becomes FIN, a reset stays a reset, and
/// whatever fails closes the socket with a reset, never with what looks like a clean end. So does
/// the death of this process: the socket lingers for nothing as long as the stream lives.
///
/// The directions are automata of their own. This is what they have in common: the channel, the
/// coroutine that runs them, and the stream's end, which follows from their states.
class Relay final : public ChannelUser {
public:
    /// `tasks` and the session must outlive it, the session until it has let the stream go.
    /// `tail_time`: how long a program may read nothing of the tail of a stream that is over at the
    /// far end.
    Relay(StreamSocket socket, Session& session, TaskGroup& tasks,
          Duration tail_time = limits::time_limit::tail);
    Relay(const Relay&) = delete;
    Relay& operator=(const Relay&) = delete;
    ~Relay() override;

    /// Opens a channel and carries the stream to its end. The type is not referred to once this has
    /// returned.
    awaitable<RelayEnd> open(const ChannelType& type);
    /// Takes the requested channel and carries the stream to its end.
    awaitable<RelayEnd> accept(ChannelId channel);
    /// Ends it at any time: both sides are reset, and open() or accept() returns soon.
    void end() noexcept;

    /// Why the channel wasn't opened, when that was so.
    const OpenFailure& failure() const noexcept { return failure_; }
    std::uint64_t bytes_sent() const noexcept { return reader_.bytes(); }  ///< into the channel
    std::uint64_t bytes_received() const noexcept { return writer_.bytes(); }

private:
    ChannelRead read(std::span<const MutableBytes> slots) noexcept override;
    std::size_t write(std::span<const Bytes> data, Rest rest) noexcept override;
    void on_opened() noexcept override { reader_.on_opened(); }
    void on_refused(const OpenFailure& failure) noexcept override;
    void on_eof() noexcept override;
    void on_closed(ChannelEnd end) noexcept override;
    void on_lost() noexcept override;

    awaitable<RelayEnd> carry();
    bool take_turn();
    void watch_for_reset();
    awaitable<void> close_cleanly();
    void start_draining() noexcept;
    awaitable<void> drain();
    void end_if_over() noexcept;
    void reset(RelayEnd end) noexcept;
    void abort(RelayEnd end) noexcept;
    void set_end(RelayEnd end) noexcept;

    StreamSocket socket_;
    Session& session_;
    TaskGroup& tasks_;
    Duration tail_time_;
    std::optional<ChannelId> channel_;  ///< as long as we are on the session
    std::optional<RelayEnd> end_;
    SocketReader reader_{socket_};
    SocketWriter writer_{socket_};
    Event ended_;  ///< end_ is known
    OpenFailure failure_;
};

}  // namespace culvert
