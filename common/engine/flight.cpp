#include "common/engine/flight.hpp"

#include <algorithm>
#include <limits>

namespace culvert {
namespace {

constexpr std::size_t unlimited = std::numeric_limits<std::size_t>::max();

// In multiples of what the path carries in a round trip. Two keep it full while answers come late
// or in clumps; four let a new connection reach any rate in a few round trips.
constexpr double gain = 2;
constexpr double starting_gain = 4;
constexpr double draining_gain = 0.75;
// Programs that wait for a processor answer late: what the path carries meanwhile may be on its way
// too. On loopback this is nearly all of the limit.
constexpr double hesitation = 0.010;  // seconds

// A rate that has not grown by a quarter in three round trips is the path's (BBR 4.3.1.2), or in
// one that itself was so much longer than the least: then a queue stands. A long round trip alone
// says nothing, since a new TCP lets what it is given wait.
constexpr double growth = 1.25;
constexpr unsigned most_flat_rounds = 3;
// The rate is the best of the last eight to sixteen rounds, the round trip the least of the last 10
// to 20 s: a path changes.
constexpr unsigned rounds_a_span = 8;
constexpr Duration round_trip_span = std::chrono::seconds{10};

double seconds(Duration time) { return std::chrono::duration<double>(time).count(); }

}  // namespace

std::size_t Flight::limit() const noexcept {
    if (!measures_) return unlimited;
    const auto rate = rate_.best();
    const auto round_trip = round_trip_.best();
    if (!rate || !round_trip) return first_limit;
    const double product = *rate * seconds(*round_trip);
    double bytes = product * (starting_ ? starting_gain : gain);
    if (draining_) {
        bytes = product * draining_gain;
    } else if (!company_) {
        bytes += *rate * hesitation;
    }
    constexpr double largest = 1e12;
    return static_cast<std::size_t>(std::clamp(bytes, static_cast<double>(least_limit), largest));
}

std::size_t Flight::room() const noexcept {
    const std::size_t most = limit();
    if (most == unlimited) return unlimited;
    const std::size_t left = most - std::min(most, in_flight());
    return left < most / marks_a_limit ? 0 : left;  // crumbs cost more than they carry
}

bool Flight::mark_is_due() const noexcept {
    if (!measures_ || next_mark_ - first_mark_ == most_marks) return false;
    if (draining_ && !drain_mark_ && in_flight() <= limit()) return true;
    return sent_ - marked_ >= limit() / marks_a_limit;
}

std::uint64_t Flight::mark(TimePoint now) noexcept {
    if (!has_marks()) {
        // Since when the bytes behind the last mark have been arriving nobody knows: what arrives
        // is counted from here.
        counted_ = sent_;
        counted_at_ = now;
    }
    if (draining_ && !drain_mark_ && in_flight() <= limit()) drain_mark_ = next_mark_;
    marks_[next_mark_ % most_marks] = {next_mark_, now,         sent_,
                                       counted_,   counted_at_, counted_ < starved_until_};
    marked_ = sent_;
    return next_mark_++;
}

void Flight::on_answer(std::uint64_t number, TimePoint now) noexcept {
    if (number < first_mark_ || number >= next_mark_) return;
    first_mark_ = number;  // an answer answers for the pings before it
    const Mark mark = oldest();
    ++first_mark_;

    on_arrived(mark.sent);
    const Duration round_trip = now - mark.at;
    on_round_trip(round_trip, now);
    const double took = seconds(now - mark.arrived_at);
    if (mark.sent > mark.arrived && took > 0) {
        on_rate(static_cast<double>(mark.sent - mark.arrived) / took, mark, round_trip);
    }
    counted_ = mark.sent;
    counted_at_ = now;
    if (drain_mark_ && number >= *drain_mark_) {
        draining_ = false;
        drain_mark_.reset();
    }
    if (!round_trip_span_) round_trip_span_ = now;
    if (now - *round_trip_span_ >= round_trip_span) measure_round_trip_anew(now);
}

void Flight::on_rate(double rate, const Mark& mark, Duration round_trip) noexcept {
    // What came slowly because nobody sent says nothing about the path, unless it is the best yet.
    if (!mark.starved || rate > rate_.best().value_or(0)) rate_.add(rate);
    if (mark.arrived < round_ends_) return;
    round_ends_ = mark.sent;
    if (!mark.starved) on_round_over(round_trip);
}

void Flight::on_round_over(Duration round_trip) noexcept {
    if (++rounds_ % rounds_a_span == 0) rate_.begin_span();
    if (!starting_) return;
    const double rate = rate_.best().value_or(0);
    if (rate >= rate_at_check_ * growth) {
        rate_at_check_ = rate;
        flat_rounds_ = 0;
        return;
    }
    const double usual = growth * seconds(*round_trip_.best()) + hesitation;
    if (++flat_rounds_ == most_flat_rounds || seconds(round_trip) > usual) starting_ = false;
}

void Flight::measure_round_trip_anew(TimePoint now) noexcept {
    round_trip_span_ = now;
    round_trip_.begin_span();
    draining_ = in_flight() > limit() / 2;
    drain_mark_.reset();
}

void Flight::on_round_trip(Duration took, TimePoint now) noexcept {
    // Answers to pings begin spans more often, each with an empty queue.
    const TimePoint began = std::max(other_span_, round_trip_span_.value_or(TimePoint{}));
    if (now - began >= 2 * round_trip_span) {
        other_span_ = now;
        round_trip_.begin_span();
    }
    round_trip_.add(took);
}

void Flight::on_exchange_begun() noexcept {
    if (!exchange_begun_) exchange_begun_ = {sent_, next_mark_};
}

void Flight::on_exchange_over() noexcept {
    const Place before = exchange_begun_.value_or(Place{sent_, next_mark_});
    exchange_begun_.reset();
    first_mark_ = std::max(first_mark_, before.next_mark);
    on_arrived(before.sent);
    marked_ = std::max(marked_, before.sent);
    draining_ = false;
    drain_mark_.reset();
}

std::optional<TimePoint> Flight::next_deadline() const noexcept {
    const bool has_answered = round_trip_span_.has_value();
    if (!measures_ || has_answered || !has_marks()) return std::nullopt;
    return oldest().at + answer_time;
}

void Flight::on_time(TimePoint now) noexcept {
    const auto deadline = next_deadline();
    if (deadline && now >= *deadline) measures_ = false;
}

}  // namespace culvert
