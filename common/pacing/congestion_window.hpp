#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "common/base/time.hpp"
#include "common/pacing/bottleneck_bandwidth.hpp"
#include "common/pacing/delivery_rate.hpp"
#include "common/pacing/full_pipe_check.hpp"
#include "common/pacing/limits.hpp"
#include "common/pacing/min_round_trip.hpp"
#include "common/pacing/probe_rtt.hpp"
#include "common/pacing/probes.hpp"

namespace culvert {

/// How much data may be in flight to the peer: about twice the bandwidth-delay product. More would
/// only stand in a queue of the path, and a keystroke would stand behind it.
///
/// Probes are pings (OpenSSH PROTOCOL 1.8) among the data. A pong says that everything before its
/// ping has arrived: a sample of the delivery rate and of the round trip, as BBR has them
/// (draft-cardwell-iccrg-bbr), but for all channels together and without pacing.
class CongestionWindow {
public:
    /// The peer answers pings. Until it has done so once, little is sent. Without this call
    /// everything may be.
    void begin() noexcept { measures_ = true; }

    /// How many more bytes of data may be sent now; 0: none until a pong comes.
    std::size_t available() const noexcept;
    /// This much data went into the output, in bytes of the wire.
    void on_sent(std::size_t bytes) noexcept { sent_ += bytes; }
    /// The window had room, and no channel had anything to send: a sample that spans this says
    /// nothing about the path.
    void on_app_limited() noexcept { rate_.on_app_limited(sent_); }

    /// While small messages are exchanged nothing extra is in flight for programs that answer late.
    void set_interactive(bool interactive) noexcept { interactive_ = interactive; }

    /// A ping should go out behind what was sent.
    bool probe_is_due() const noexcept;
    /// The number that it carries.
    std::uint64_t probe(TimePoint now) noexcept;
    /// A pong of that number; one that isn't awaited is ignored.
    void on_pong(std::uint64_t number, TimePoint now) noexcept;
    /// A key exchange has begun: no data is sent before our part of it is over.
    void on_exchange_begun() noexcept;
    /// It is over, so what was sent before it has arrived; pings may have been dropped meanwhile.
    void on_exchange_over() noexcept;
    /// A round trip that was measured by other means, or by a ping.
    void on_round_trip(Duration took, TimePoint now) noexcept { round_trip_.add(took, now); }

    /// When the first pong is awaited no longer: the peer answers no pings. One that has answered
    /// before is slow, or gone, and then the keepalives say so.
    std::optional<TimePoint> next_deadline() const noexcept;
    void on_time(TimePoint now) noexcept;

    /// The least of the last two spans of 10 s or more in which one was measured; zero: none was.
    Duration round_trip() const noexcept { return round_trip_.best().value_or(Duration::zero()); }
    std::size_t window() const noexcept;
    std::size_t in_flight() const noexcept { return static_cast<std::size_t>(sent_ - arrived_); }

    static constexpr std::size_t initial_window = limits::congestion::initial_window;
    static constexpr std::size_t minimum_window = limits::congestion::minimum_window;
    static constexpr Duration pong_time_limit = limits::congestion::pong_time_limit;

private:
    void on_arrived(std::uint64_t sent) noexcept { arrived_ = std::max(arrived_, sent); }

    bool measures_ = false;
    bool interactive_ = false;
    std::uint64_t sent_ = 0;
    std::uint64_t arrived_ = 0;
    std::uint64_t probed_ = 0;  ///< what was sent up to the last probe

    Probes probes_;
    DeliveryRate rate_;
    BottleneckBandwidth bandwidth_;
    MinRoundTrip round_trip_;
    FullPipeCheck full_pipe_;
    ProbeRtt probe_rtt_;

    struct Place {
        std::uint64_t sent;
        std::uint64_t next_probe;
    };
    std::optional<Place> exchange_begun_;
};

}  // namespace culvert
