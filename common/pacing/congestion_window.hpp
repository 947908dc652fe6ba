#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>

#include "common/base/time.hpp"
#include "common/pacing/windowed_filter.hpp"

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
    void on_app_limited() noexcept { app_limited_until_ = sent_ + 1; }

    /// While small messages are exchanged nothing extra is in flight for programs that answer late.
    void set_interactive(bool here) noexcept { interactive_ = here; }

    /// A ping should go out behind what was sent.
    bool probe_is_due() const noexcept;
    /// The number that it carries.
    std::uint64_t probe(TimePoint now) noexcept;
    /// An answer of that number; one that isn't awaited is ignored.
    void on_pong(std::uint64_t number, TimePoint now) noexcept;
    /// A key exchange has begun: no data is sent before our part of it is over.
    void on_exchange_begun() noexcept;
    /// It is over, so what was sent before it has arrived; pings may have been dropped meanwhile.
    void on_exchange_over() noexcept;
    /// A round trip that was measured by other means, or by a ping.
    void on_round_trip(Duration took, TimePoint now) noexcept;

    /// When the first answer is awaited no longer: the peer answers no pings. One that has answered
    /// before is slow, or gone, and then the keepalives say so.
    std::optional<TimePoint> next_deadline() const noexcept;
    void on_time(TimePoint now) noexcept;

    /// The least of the last two spans of 10 s or more in which one was measured; zero: none was.
    Duration round_trip() const noexcept { return round_trip_.best().value_or(Duration::zero()); }
    std::size_t window() const noexcept;
    std::size_t in_flight() const noexcept { return static_cast<std::size_t>(sent_ - arrived_); }

    static constexpr std::size_t initial_window = 256 * 1024;
    static constexpr std::size_t minimum_window = 32 * 1024;  ///< a packet of SSH's
    static constexpr Duration pong_time_limit = std::chrono::seconds{30};

private:
    struct Probe {
        std::uint64_t number;
        TimePoint at;
        std::uint64_t sent;     ///< up to here
        std::uint64_t arrived;  ///< what was known when it was sent, and since when
        TimePoint arrived_at;
        bool is_app_limited;  ///< no channel had anything to send for a while in between
    };
    static constexpr std::size_t most_probes = 32;
    static constexpr std::size_t probes_a_window = 8;

    void on_rate(double rate, const Probe& probe, Duration round_trip) noexcept;
    void on_round_over(Duration round_trip) noexcept;
    void measure_round_trip_anew(TimePoint now) noexcept;
    const Probe& oldest() const noexcept { return probes_[first_probe_ % most_probes]; }
    void on_arrived(std::uint64_t sent) noexcept { arrived_ = std::max(arrived_, sent); }
    bool has_probes() const noexcept { return first_probe_ != next_probe_; }

    bool measures_ = false;
    std::uint64_t sent_ = 0;
    std::uint64_t arrived_ = 0;
    std::uint64_t app_limited_until_ = 0;

    std::array<Probe, most_probes> probes_;  ///< those of first_probe_ to next_probe_ are awaited
    std::uint64_t first_probe_ = 0;
    std::uint64_t next_probe_ = 0;
    std::uint64_t probed_ = 0;  ///< bytes up to the last probe

    std::uint64_t counted_ = 0;  ///< arrived bytes, as far as the rate is concerned
    TimePoint counted_at_{};
    WindowedFilter<double, std::greater<>> rate_;  ///< bytes a second
    WindowedFilter<Duration, std::less<>> round_trip_;
    std::optional<TimePoint> round_trip_span_;  ///< since when; not before the first answer
    TimePoint other_span_{};                    ///< the same, begun without an answer

    struct Place {
        std::uint64_t sent;
        std::uint64_t next_probe;
    };
    std::optional<Place> exchange_begun_;

    std::uint64_t round_ends_ = 0;
    unsigned rounds_ = 0;
    bool startup_ = true;  ///< the rate still grows with the window
    double rate_at_check_ = 0;
    unsigned full_pipe_rounds_ = 0;

    bool interactive_ = false;
    bool probe_rtt_ = false;  ///< the queue is let run empty, so that the round trip shows
    std::optional<std::uint64_t> probe_rtt_ends_;
};

}  // namespace culvert
