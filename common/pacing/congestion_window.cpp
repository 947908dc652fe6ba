#include "common/pacing/congestion_window.hpp"

#include <algorithm>
#include <limits>

namespace culvert {
namespace {

constexpr std::size_t unlimited = std::numeric_limits<std::size_t>::max();

// In multiples of what the path carries in a round trip. Two keep it full while answers come late
// or in clumps; four let a new connection reach any rate in a few round trips.
constexpr double gain = 2;
constexpr double startup_gain = 4;
constexpr double probe_rtt_gain = 0.75;
// Programs that wait for a processor answer late: what the path carries meanwhile may be on its way
// too. On loopback this is nearly all of the window.
constexpr double hesitation = 0.010;  // seconds

// A rate that has not grown by a quarter in three round trips is the path's (BBR 4.3.1.2), or in
// one that itself was so much longer than the least: then a queue stands. A long round trip alone
// says nothing, since a new TCP lets what it is given wait.
constexpr double growth = 1.25;
constexpr unsigned most_full_pipe_rounds = 3;
// The rate is the best of the last eight to sixteen rounds, the round trip the least of the last 10
// to 20 s: a path changes.
constexpr unsigned rounds_a_span = 8;
constexpr Duration round_trip_span = std::chrono::seconds{10};

double seconds(Duration time) { return std::chrono::duration<double>(time).count(); }

}  // namespace

std::size_t CongestionWindow::window() const noexcept {
    if (!measures_) return unlimited;
    const auto rate = rate_.best();
    const auto round_trip = round_trip_.best();
    if (!rate || !round_trip) return initial_window;
    const double product = *rate * seconds(*round_trip);
    double bytes = product * (startup_ ? startup_gain : gain);
    if (probe_rtt_) {
        bytes = product * probe_rtt_gain;
    } else if (!interactive_) {
        bytes += *rate * hesitation;
    }
    constexpr double largest = 1e12;
    return static_cast<std::size_t>(
        std::clamp(bytes, static_cast<double>(minimum_window), largest));
}

std::size_t CongestionWindow::available() const noexcept {
    const std::size_t most = window();
    if (most == unlimited) return unlimited;
    const std::size_t left = most - std::min(most, in_flight());
    return left < most / probes_a_window ? 0 : left;  // runts cost more than they carry
}

bool CongestionWindow::probe_is_due() const noexcept {
    if (!measures_ || next_probe_ - first_probe_ == most_probes) return false;
    if (probe_rtt_ && !probe_rtt_ends_ && in_flight() <= window()) return true;
    return sent_ - probed_ >= window() / probes_a_window;
}

std::uint64_t CongestionWindow::probe(TimePoint now) noexcept {
    if (!has_probes()) {
        // When the bytes behind the last probe began to arrive isn't known: what arrives
        // is counted from here.
        counted_ = sent_;
        counted_at_ = now;
    }
    if (probe_rtt_ && !probe_rtt_ends_ && in_flight() <= window()) probe_rtt_ends_ = next_probe_;
    probes_[next_probe_ % most_probes] = {next_probe_, now,         sent_,
                                          counted_,    counted_at_, counted_ < app_limited_until_};
    probed_ = sent_;
    return next_probe_++;
}

void CongestionWindow::on_pong(std::uint64_t number, TimePoint now) noexcept {
    if (number < first_probe_ || number >= next_probe_) return;
    first_probe_ = number;  // an answer answers for the pings before it
    const Probe probe = oldest();
    ++first_probe_;

    on_arrived(probe.sent);
    const Duration round_trip = now - probe.at;
    on_round_trip(round_trip, now);
    const double took = seconds(now - probe.arrived_at);
    if (probe.sent > probe.arrived && took > 0) {
        on_rate(static_cast<double>(probe.sent - probe.arrived) / took, probe, round_trip);
    }
    counted_ = probe.sent;
    counted_at_ = now;
    if (probe_rtt_ends_ && number >= *probe_rtt_ends_) {
        probe_rtt_ = false;
        probe_rtt_ends_.reset();
    }
    if (!round_trip_span_) round_trip_span_ = now;
    if (now - *round_trip_span_ >= round_trip_span) measure_round_trip_anew(now);
}

void CongestionWindow::on_rate(double rate, const Probe& probe, Duration round_trip) noexcept {
    // An app-limited sample says nothing about the path, unless it is the best yet.
    if (!probe.is_app_limited || rate > rate_.best().value_or(0)) rate_.add(rate);
    if (probe.arrived < round_ends_) return;
    round_ends_ = probe.sent;
    if (!probe.is_app_limited) on_round_over(round_trip);
}

void CongestionWindow::on_round_over(Duration round_trip) noexcept {
    if (++rounds_ % rounds_a_span == 0) rate_.begin_span();
    if (!startup_) return;
    const double rate = rate_.best().value_or(0);
    if (rate >= rate_at_check_ * growth) {
        rate_at_check_ = rate;
        full_pipe_rounds_ = 0;
        return;
    }
    const double usual = growth * seconds(*round_trip_.best()) + hesitation;
    if (++full_pipe_rounds_ == most_full_pipe_rounds || seconds(round_trip) > usual)
        startup_ = false;
}

void CongestionWindow::measure_round_trip_anew(TimePoint now) noexcept {
    round_trip_span_ = now;
    round_trip_.begin_span();
    probe_rtt_ = in_flight() > window() / 2;
    probe_rtt_ends_.reset();
}

void CongestionWindow::on_round_trip(Duration took, TimePoint now) noexcept {
    // Answers to pings begin spans more often, each with an empty queue.
    const TimePoint began = std::max(other_span_, round_trip_span_.value_or(TimePoint{}));
    if (now - began >= 2 * round_trip_span) {
        other_span_ = now;
        round_trip_.begin_span();
    }
    round_trip_.add(took);
}

void CongestionWindow::on_exchange_begun() noexcept {
    if (!exchange_begun_) exchange_begun_ = {sent_, next_probe_};
}

void CongestionWindow::on_exchange_over() noexcept {
    const Place before = exchange_begun_.value_or(Place{sent_, next_probe_});
    exchange_begun_.reset();
    first_probe_ = std::max(first_probe_, before.next_probe);
    on_arrived(before.sent);
    probed_ = std::max(probed_, before.sent);
    probe_rtt_ = false;
    probe_rtt_ends_.reset();
}

std::optional<TimePoint> CongestionWindow::next_deadline() const noexcept {
    const bool has_answered = round_trip_span_.has_value();
    if (!measures_ || has_answered || !has_probes()) return std::nullopt;
    return oldest().at + pong_time_limit;
}

void CongestionWindow::on_time(TimePoint now) noexcept {
    const auto deadline = next_deadline();
    if (deadline && now >= *deadline) measures_ = false;
}

}  // namespace culvert
