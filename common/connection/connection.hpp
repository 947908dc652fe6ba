#pragma once

#include <deque>
#include <memory>
#include <optional>

#include "common/base/time.hpp"
#include "common/connection/channel_table.hpp"
#include "common/connection/connection_events.hpp"
#include "common/connection/global_requests.hpp"
#include "common/connection/inbox.hpp"
#include "common/connection/packet_sink.hpp"
#include "common/connection/scheduler.hpp"
#include "common/pacing/limits.hpp"
#include "common/wire/irregularity.hpp"

namespace culvert {

struct ConnectionConfig {
    /// What the peer may ask for; all else is refused at once.
    ChannelTypes accepts;
    std::size_t channel_limit = limits::peer::channels;
    /// What the peer may have in flight on a channel.
    WindowSizes receive_window;
    /// What all windows of the process may claim; empty: this connection has its own.
    std::shared_ptr<WindowBudget> window_budget;
    /// How long a channel that we open may stay unanswered.
    Duration open_time_limit = limits::time_limit::channel_open;
    /// How long the receiver waits for a reader that can't take all at once.
    ReaderWaitBudget::Terms reader_wait;
};

/// The connection layer (RFC 4254) of one connection: its channels with their users and windows,
/// and the order of their turns. Packets go in by on_packet and out to a sink. What comes for a
/// channel is told to its user; what the owner must know is returned.
///
/// A user must outlive its channel, or take itself off with close or reset. Calls for a channel
/// that has no user are ignored: its user may have been taken off it meanwhile.
class Connection {
public:
    /// `out` must outlive this.
    Connection(const ConnectionConfig& config, PacketSink& out);

    /// Handles a packet of numbers 80 to 100. Data are only put into the inbox, as views. Throws
    /// ProtocolError for what the peer must not send.
    std::optional<ConnectionEvent> on_packet(Bytes payload, TimePoint now);
    static bool handles(std::uint8_t number) noexcept;

    /// Empty when the connection has as many channels as it may have, or their windows as much
    /// memory. What this and accept throw leaves the channel without a user.
    std::optional<ChannelId> open(const ChannelType& type, ChannelUser& user, TimePoint now);
    /// Answers to ChannelRequested.
    void accept(ChannelId channel, ChannelUser& user);
    void refuse(ChannelId channel, const OpenFailure& failure);

    // ---- for channels that are open, or that we are opening
    /// The user is off the channel, and hears of it no more.
    void close(ChannelId channel);
    /// As close, but tells a peer that knows the extension that the stream didn't end cleanly.
    void reset(ChannelId channel);
    /// The peer knows reset@culvert.internal.
    void set_peer_knows_reset(bool knows) noexcept { peer_knows_reset_ = knows; }
    /// Kept data has left for where it was going: the peer may send as much again.
    void delivered(ChannelId channel, std::size_t bytes, TimePoint now);
    /// All users hear that their channels are lost. They may not open others.
    void lose() noexcept;

    // ---- received data
    const Inbox& inbox() const noexcept { return inbox_; }
    /// Writes all that is in the inbox to its user.
    void hand_over(TimePoint now);
    /// As hand_over, but may leave some where it lies, if the user doesn't take all and may be
    /// waited for. False if it did.
    [[nodiscard]] bool offer(TimePoint now);
    /// A user was waited for.
    void on_waited(Duration time) noexcept { inbox_.on_waited(time); }
    /// Whether data in the inbox wait for this channel's user.
    bool waits_for(ChannelId channel) const noexcept {
        return !inbox_.empty() && inbox_.channel() == channel;
    }

    /// Data in the inbox wait for a user that is off its channel.
    bool inbox_is_orphaned() const noexcept;

    /// How fast the path is, as windows follow it.
    void set_path(Duration round_trip, bool peer_limits_inflight) noexcept {
        round_trip_ = round_trip;
        peer_limits_inflight_ = peer_limits_inflight;
    }
    /// Channels are opened with a window of about so many bytes from here on, within
    /// WindowSizes.
    void fit_first_window(double bytes) noexcept;

    // ---- data to send
    /// The user has something to send.
    void set_readable(ChannelId channel);

    struct SendTurn {
        Channel& channel;
        std::size_t bytes;         ///< how much it may send now
        std::size_t packet_bytes;  ///< how much of it in one packet
    };
    /// The channel that may send data now, if any. on_turn_over() is the next call.
    std::optional<SendTurn> next_turn();
    /// Its user has read, and the data are sent: EOF and CLOSE follow where they are due.
    void on_turn_over(Channel& channel, const ChannelRead& read, TimePoint now);

    /// Whether small messages go to and fro, beside whatever else there is.
    const InteractiveTraffic& interactive_traffic() const noexcept { return interactive_; }

    GlobalRequests& global_requests() noexcept { return global_requests_; }
    Irregularities& irregularities() noexcept { return irregularities_; }
    std::size_t channels() const noexcept { return channels_.size(); }
    ChannelId next_channel() const noexcept { return channels_.next(); }
    const std::shared_ptr<WindowBudget>& windows() const noexcept { return config_.window_budget; }
    const Channel* find(ChannelId channel) const noexcept { return channels_.find(channel); }

    /// Channels that the peer never answered are refused with a description that says so.
    std::optional<TimePoint> next_deadline();
    void on_time(TimePoint now);

private:
    using Event = std::optional<ConnectionEvent>;

    Event on_global_request(Bytes payload);
    Event on_open(Bytes payload);
    Event on_accepted_type(const msg::ChannelOpen& open, ChannelType type);
    Event refuse_type(const msg::ChannelOpen& open);
    void on_open_confirmation(Bytes payload);
    void on_open_failure(Bytes payload);
    void on_data(Bytes payload, TimePoint now);
    void on_eof(Bytes payload, TimePoint now);
    void on_close(Bytes payload, TimePoint now);
    void on_window_adjust(Bytes payload);
    void on_extended_data(Bytes payload, TimePoint now);
    void on_channel_request(Bytes payload);
    void on_channel_reply(ChannelId id);
    Event on_global_reply(Bytes payload, TimePoint now);
    Channel* data_channel(ChannelId id, std::size_t bytes);
    Channel* established(ChannelId id, Irregularity if_late);
    void refuse_remote(ChannelId remote, OpenFailureReason reason, std::string_view description);
    /// The channel, or null where it has no user.
    Channel* used(ChannelId channel) const noexcept;
    ChannelUser& take_user(Channel& channel) noexcept;
    void write_to(Channel& channel, Rest rest, TimePoint now);
    void return_credit(Channel& channel, std::size_t bytes, TimePoint now);
    void send_eof(Channel& channel);
    void send_close(Channel& channel);
    void update_turn(Channel& channel);
    void erase(Channel& channel);

    ConnectionConfig config_;
    WindowSizes windows_of_next_;  ///< channel to be opened
    PacketSink& out_;
    ChannelTable channels_;
    Inbox inbox_;
    Scheduler scheduler_;
    InteractiveTraffic interactive_;
    GlobalRequests global_requests_;
    Irregularities irregularities_;
    Duration round_trip_{};
    bool peer_limits_inflight_ = true;
    bool peer_knows_reset_ = false;

    struct OpenDeadline {
        TimePoint at;
        ChannelId channel;
    };
    /// In the order of time, as each is as long; answered ones are dropped when they come first.
    std::deque<OpenDeadline> open_deadlines_;
};

}  // namespace culvert
