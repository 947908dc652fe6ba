#pragma once

#include <algorithm>
#include <cstdint>

#include "common/base/time.hpp"
#include "common/connection/channel_user.hpp"
#include "common/connection/scheduler.hpp"
#include "common/connection/window.hpp"
#include "common/pacing/interactive_traffic.hpp"
#include "common/pacing/limits.hpp"
#include "common/wire/connection_messages.hpp"

namespace culvert {

/// One channel's state (RFC 4254 5). Its functions are named after what happened; those that the
/// peer causes throw ProtocolError for what it must not do, and are for the states in which
/// ChannelTable hands the channel out. What is to be sent in reply is the Connection's to send.
class Channel {
public:
    enum class State {
        opening,    ///< we sent CHANNEL_OPEN; without a user it is closed as soon as it is open
        requested,  ///< the peer sent CHANNEL_OPEN, our owner has yet to answer
        open,
        closing,  ///< we sent CHANNEL_CLOSE; whatever comes until the peer's is let pass
    };

    /// A channel that we open.
    Channel(ChannelId local, const WindowSizes& window, WindowBudget& budget) noexcept
        : local_{local}, received_{window, budget} {}
    /// A channel that the peer opens.
    Channel(ChannelId local, const WindowSizes& window, WindowBudget& budget,
            const msg::ChannelOpen& open);

    ChannelId local() const noexcept { return local_; }
    ChannelId remote() const noexcept { return remote_; }
    State state() const noexcept { return state_; }
    /// We sent CHANNEL_OPEN and wait for the answer.
    bool is_unanswered() const noexcept { return state_ == State::opening; }
    /// Both sides know each other's ids, until both have sent CHANNEL_CLOSE.
    bool is_established() const noexcept {
        return state_ == State::open || state_ == State::closing;
    }

    // ---- while unanswered
    void on_confirmation(const msg::ChannelOpenConfirmation& message);

    // ---- while established
    void on_adjust(std::uint32_t bytes);
    /// Data of either kind. False: they came after EOF, or crossed our CHANNEL_CLOSE, and are to be
    /// dropped. They count against the window all the same.
    [[nodiscard]] bool on_data(std::size_t bytes);
    /// False: it is the second one, or crossed our CHANNEL_CLOSE.
    [[nodiscard]] bool on_eof() noexcept;
    bool has_received_eof() const noexcept { return eof_received_; }
    void on_reset_request() noexcept { reset_received_ = true; }
    ChannelEnd on_close() const noexcept;

    void confirmed() noexcept { state_ = State::open; }
    void eof_sent() noexcept { eof_sent_ = true; }
    void close_sent() noexcept { state_ = State::closing; }
    void data_sent(std::uint32_t bytes) noexcept;
    [[nodiscard]] std::uint32_t data_delivered(std::uint32_t bytes,
                                               const PathSample& path) noexcept;

    /// The owner has bytes to send.
    void set_readable(bool readable) noexcept { readable_ = readable; }
    /// It has, and the peer lets us.
    bool may_send() const noexcept {
        return state_ == State::open && readable_ && !eof_sent_ && sent_.left() > 0;
    }
    bool has_sent_eof() const noexcept { return eof_sent_; }

    /// How much to read for one turn: what the window allows, and not much more than the stream had
    /// to send in its last turns, so that a small stream takes no large buffer.
    std::uint32_t turn_size() const noexcept { return std::min(sent_.left(), burst_); }
    std::uint32_t receive_window() const noexcept { return received_.left(); }
    /// The most data that one packet to the peer may hold.
    std::uint32_t packet_capacity() const noexcept { return packet_capacity_; }

    /// Its place in the order of turns, and the way back from there.
    struct Turn : SchedulerEntry {
        explicit Turn(Channel& owner) noexcept : channel{owner} {}
        Channel& channel;
    };
    Turn turn{*this};
    static Channel& of(SchedulerEntry& entry) noexcept { return static_cast<Turn&>(entry).channel; }

    /// Null before the owner has accepted the channel, and from when the user is off it.
    ChannelUser* user = nullptr;

    SparseFlow small_sent;
    SparseFlow small_received;
    TimePoint open_deadline{};

    /// The most data that we take in one packet and put into one.
    static constexpr std::uint32_t maximum_packet = limits::packet;
    /// Throws ProtocolError for more data than that in one packet.
    static void expect_packet_size(std::size_t bytes);

    static constexpr std::uint32_t least_burst = limits::turn::least_burst;
    static constexpr std::uint32_t largest_burst = limits::turn::largest_burst;

private:
    void set_remote(ChannelId remote, std::uint32_t window, std::uint32_t maximum);

    ChannelId local_;
    ChannelId remote_;
    State state_ = State::opening;
    bool readable_ = false;
    bool eof_sent_ = false;
    bool eof_received_ = false;
    bool reset_received_ = false;
    std::uint32_t packet_capacity_ = 0;
    std::uint32_t burst_ = least_burst;
    SendWindow sent_;
    ReceiveWindow received_;
};

}  // namespace culvert
