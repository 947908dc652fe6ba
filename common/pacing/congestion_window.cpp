#include "common/pacing/congestion_window.hpp"

#include <limits>

namespace culvert {
namespace {

constexpr std::size_t unlimited = std::numeric_limits<std::size_t>::max();

double seconds(Duration time) { return std::chrono::duration<double>(time).count(); }

}  // namespace

std::size_t CongestionWindow::window() const noexcept {
    if (!measures_) return unlimited;
    const auto rate = bandwidth_.best();
    const auto round_trip = round_trip_.best();
    if (!rate || !round_trip) return initial_window;
    const double product = *rate * seconds(*round_trip);
    double bytes = product * (full_pipe_.is_startup() ? limits::congestion::startup_gain
                                                      : limits::congestion::gain);
    if (probe_rtt_.is_active()) {
        bytes = product * limits::congestion::probe_rtt_gain;
    } else if (!interactive_) {
        bytes += *rate * seconds(limits::congestion::scheduling_slack);
    }
    return static_cast<std::size_t>(
        std::clamp(bytes, static_cast<double>(minimum_window), limits::congestion::largest_window));
}

std::size_t CongestionWindow::available() const noexcept {
    const std::size_t most = window();
    if (most == unlimited) return unlimited;
    const std::size_t left = most - std::min(most, in_flight());
    return left < most / limits::congestion::probes_a_window ? 0 : left;
}

bool CongestionWindow::probe_is_due() const noexcept {
    if (!measures_ || probes_.full()) return false;
    const std::size_t most = window();
    if (probe_rtt_.awaits_last_probe() && in_flight() <= most) return true;
    return sent_ - probed_ >= most / limits::congestion::probes_a_window;
}

std::uint64_t CongestionWindow::probe(TimePoint now) noexcept {
    if (probes_.empty()) rate_.restart(sent_, now);
    const bool is_last = probe_rtt_.awaits_last_probe() && in_flight() <= window();
    const std::uint64_t number = probes_.add(now, sent_, rate_.snapshot());
    if (is_last) probe_rtt_.on_last_probe(number);
    probed_ = sent_;
    return number;
}

void CongestionWindow::on_pong(std::uint64_t number, TimePoint now) noexcept {
    if (!probes_.awaits(number)) return;
    const Probe probe = probes_.take(number);
    on_arrived(probe.sent);
    const Duration round_trip = now - probe.at;
    on_round_trip(round_trip, now);
    const auto sample = rate_.on_delivered(probe.sent, probe.then, now);
    if (sample && bandwidth_.add(*sample, probe.then.delivered, probe.sent)) {
        full_pipe_.on_round(*bandwidth_.best(), round_trip, *round_trip_.best());
    }
    probe_rtt_.on_pong(number);
    if (!round_trip_.on_pong(now)) return;
    // What is in flight may hide the path's round trip behind a queue of our own.
    if (in_flight() > window() / 2) {
        probe_rtt_.begin();
    } else {
        probe_rtt_.end();
    }
}

void CongestionWindow::on_exchange_begun() noexcept {
    if (!exchange_begun_) exchange_begun_ = {sent_, probes_.next()};
}

void CongestionWindow::on_exchange_over() noexcept {
    const Place before = exchange_begun_.value_or(Place{sent_, probes_.next()});
    exchange_begun_.reset();
    probes_.drop_before(before.next_probe);
    on_arrived(before.sent);
    probed_ = std::max(probed_, before.sent);
    probe_rtt_.end();
}

std::optional<TimePoint> CongestionWindow::next_deadline() const noexcept {
    if (!measures_ || round_trip_.has_pongs() || probes_.empty()) return std::nullopt;
    return probes_.oldest().at + pong_time_limit;
}

void CongestionWindow::on_time(TimePoint now) noexcept {
    const auto deadline = next_deadline();
    if (deadline && now >= *deadline) measures_ = false;
}

}  // namespace culvert
