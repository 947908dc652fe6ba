#pragma once

#include <deque>
#include <memory>
#include <optional>

#include "common/base/time.hpp"
#include "common/connection/channel_table.hpp"
#include "common/connection/connection_events.hpp"
#include "common/connection/global_requests.hpp"
#include "common/connection/packet_sink.hpp"
#include "common/connection/scheduler.hpp"
#include "common/wire/irregularity.hpp"

namespace culvert {

struct ConnectionConfig {
    /// What the peer may ask for; all else is refused at once.
    ChannelTypes accepts;
    std::size_t channel_limit = 16'384;
    /// What one channel's sender may have on its way.
    WindowSizes receive_window;
    /// What all windows of the process may claim; empty: this connection has its own.
    std::shared_ptr<WindowBudget> window_budget;
    /// How long a channel that we open may stay unanswered. The server tries the target for 10 s
    /// and then says so; the rest is for its answer.
    Duration open_time_limit = std::chrono::seconds{15};
};

/// The connection layer (RFC 4254) of one connection: its channels, their windows, whose turn it is
/// to send. Packets go in by on_packet and out to a sink; what the owner must know is returned.
class Connection {
public:
    /// `out` must outlive this.
    Connection(const ConnectionConfig& config, PacketSink& out);

    /// Handles a packet of numbers 80 to 100. Throws ProtocolError for what the peer must not send.
    std::optional<ConnectionEvent> on_packet(Bytes payload, TimePoint now);
    static bool handles(std::uint8_t number) noexcept;

    /// Empty when the connection has as many channels as it may have.
    std::optional<ChannelId> open(const ChannelType& type, TimePoint now);
    void confirm_open(ChannelId channel);
    void refuse_open(ChannelId channel, const OpenFailure& failure);

    /// What follows is for open channels, or for those that we are opening.
    void send_eof(ChannelId channel);
    /// The peer's CLOSE then comes as ChannelClosed no more: the id is no longer the owner's.
    void close(ChannelId channel);
    /// As close, but tells a peer that knows the extension that the stream didn't end cleanly.
    void reset(ChannelId channel, bool peer_knows_reset);
    /// Received data has left for where it was going: the peer may send as much again.
    void delivered(ChannelId channel, std::size_t bytes, const Pace& pace);
    /// Channels are opened with a window of about so many bytes from here on, within
    /// WindowSizes.
    void fit_first_window(double bytes) noexcept;

    /// The owner has something to send on this channel, or no more.
    void set_readable(ChannelId channel, bool readable);

    struct SendTurn {
        ChannelId channel;         ///< ours
        ChannelId remote;          ///< the peer's, for the packets
        std::size_t bytes;         ///< how much it may send now
        std::size_t packet_bytes;  ///< how much of it in one packet
    };
    /// Whose turn it is to send data, if anybody's.
    std::optional<SendTurn> next_turn();
    /// The channel sent this much of its turn.
    void on_data_sent(ChannelId channel, std::size_t bytes, TimePoint now);

    /// Small messages go to and fro beside whatever else there is.
    bool has_company(TimePoint now) const noexcept { return company_.is_here(now); }

    GlobalRequests& global_requests() noexcept { return global_requests_; }
    Irregularities& irregularities() noexcept { return irregularities_; }
    std::size_t channels() const noexcept { return channels_.size(); }
    ChannelId next_channel() const noexcept { return channels_.next(); }
    const std::shared_ptr<WindowBudget>& windows() const noexcept { return config_.window_budget; }
    const Channel* find(ChannelId channel) noexcept { return channels_.find(channel); }

    /// Channels that the peer never answered are refused with a description that says so.
    std::optional<TimePoint> next_deadline();
    std::optional<ChannelRefused> on_time(TimePoint now);

private:
    using Event = std::optional<ConnectionEvent>;

    Event on_global_request(Bytes payload);
    Event on_open(Bytes payload);
    Event on_accepted_type(const msg::ChannelOpen& open, ChannelType type);
    Event refuse_type(const msg::ChannelOpen& open);
    Event on_open_confirmation(Bytes payload);
    Event on_open_failure(Bytes payload);
    Event on_data(Bytes payload, TimePoint now);
    Event on_eof(Bytes payload);
    Event on_close(Bytes payload);
    void on_window_adjust(Bytes payload);
    void on_extended_data(Bytes payload);
    void on_channel_request(Bytes payload);
    void on_channel_reply(ChannelId id);
    Event on_global_reply(Bytes payload, TimePoint now);
    Channel* data_channel(ChannelId id, std::size_t bytes);
    Channel* established(ChannelId id, Irregularity if_late);
    void refuse(ChannelId remote, OpenFailureReason reason, std::string_view description);
    void send_close(Channel& channel);
    void update_turn(Channel& channel);
    void erase(Channel& channel);

    ConnectionConfig config_;
    WindowSizes windows_of_next_;  ///< channel to be opened
    PacketSink& out_;
    ChannelTable channels_;
    Scheduler scheduler_;
    Company company_;
    GlobalRequests global_requests_;
    Irregularities irregularities_;

    struct OpenDeadline {
        TimePoint at;
        ChannelId channel;
    };
    /// In the order of time, as each is as long; answered ones are dropped when they come first.
    std::deque<OpenDeadline> open_deadlines_;
};

}  // namespace culvert
