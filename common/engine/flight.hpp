#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>

#include "common/base/time.hpp"
#include "common/engine/lately.hpp"

namespace culvert {

/// What is on its way to the peer, and how much may be: about twice what the path carries in one
/// round trip. More would only stand in a queue on the way, and whatever is sent next, a keystroke
/// perhaps, would stand behind it.
///
/// Pings (OpenSSH PROTOCOL 1.8) among the data mark places in it; an answer says that everything
/// before its ping has arrived. So the rate of delivery and the least round trip are measured, as
/// BBR does (draft-cardwell-iccrg-bbr), but for all channels together and without pacing.
class Flight {
public:
    /// The peer answers pings. Until it has done so once, little is sent. Without this call
    /// everything may be.
    void begin() noexcept { measures_ = true; }

    /// How many more bytes of data should be sent now; 0: none until an answer comes.
    std::size_t room() const noexcept;
    /// This much data went into the output, in bytes of the wire.
    void on_sent(std::size_t bytes) noexcept { sent_ += bytes; }
    /// There was room, and nobody had anything to send.
    void on_starved() noexcept { starved_until_ = sent_ + 1; }

    /// Somebody waits for small messages: then nothing extra is on its way for programs that are
    /// slow to answer.
    void set_company(bool here) noexcept { company_ = here; }

    /// A ping should go out behind what was sent.
    bool mark_is_due() const noexcept;
    /// The number that it carries.
    std::uint64_t mark(TimePoint now) noexcept;
    /// An answer of that number; one that isn't awaited is ignored.
    void on_answer(std::uint64_t number, TimePoint now) noexcept;
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
    std::size_t limit() const noexcept;
    std::size_t in_flight() const noexcept { return static_cast<std::size_t>(sent_ - arrived_); }

    static constexpr std::size_t first_limit = 256 * 1024;
    static constexpr std::size_t least_limit = 32 * 1024;  ///< a packet of SSH's
    static constexpr Duration answer_time = std::chrono::seconds{30};

private:
    struct Mark {
        std::uint64_t number;
        TimePoint at;
        std::uint64_t sent;     ///< up to here
        std::uint64_t arrived;  ///< what was known when it was sent, and since when
        TimePoint arrived_at;
        bool starved;  ///< nobody had anything to send for a while in between
    };
    static constexpr std::size_t most_marks = 32;
    static constexpr std::size_t marks_a_limit = 8;

    void on_rate(double rate, const Mark& mark, Duration round_trip) noexcept;
    void on_round_over(Duration round_trip) noexcept;
    void measure_round_trip_anew(TimePoint now) noexcept;
    const Mark& oldest() const noexcept { return marks_[first_mark_ % most_marks]; }
    void on_arrived(std::uint64_t sent) noexcept { arrived_ = std::max(arrived_, sent); }
    bool has_marks() const noexcept { return first_mark_ != next_mark_; }

    bool measures_ = false;
    std::uint64_t sent_ = 0;
    std::uint64_t arrived_ = 0;
    std::uint64_t starved_until_ = 0;

    std::array<Mark, most_marks> marks_;  ///< those of first_mark_ to next_mark_ are awaited
    std::uint64_t first_mark_ = 0;
    std::uint64_t next_mark_ = 0;
    std::uint64_t marked_ = 0;  ///< bytes up to the last mark

    std::uint64_t counted_ = 0;  ///< arrived bytes, as far as the rate is concerned
    TimePoint counted_at_{};
    Lately<double, std::greater<>> rate_;  ///< bytes a second
    Lately<Duration, std::less<>> round_trip_;
    std::optional<TimePoint> round_trip_span_;  ///< since when; not before the first answer
    TimePoint other_span_{};                    ///< the same, begun without an answer

    struct Place {
        std::uint64_t sent;
        std::uint64_t next_mark;
    };
    std::optional<Place> exchange_begun_;

    std::uint64_t round_ends_ = 0;
    unsigned rounds_ = 0;
    bool starting_ = true;  ///< the rate still grows with the limit
    double rate_at_check_ = 0;
    unsigned flat_rounds_ = 0;

    bool company_ = false;
    bool draining_ = false;  ///< the queue is let run empty, so that the round trip shows
    std::optional<std::uint64_t> drain_mark_;
};

}  // namespace culvert
