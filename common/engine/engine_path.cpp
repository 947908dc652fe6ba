#include "common/engine/engine.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "common/base/big_endian.hpp"
#include "common/wire/transport_messages.hpp"

namespace culvert {
namespace {

// The round trip to a peer other than culvert is measured 0.2 s, 1 s and 5 s after the time before:
// soon, and when neither the login nor a stream that came with it may be in the way.
constexpr int measurement_growth = 5;
constexpr Duration last_measurement = std::chrono::seconds{5};
// A path that is faster than this is measured by its stream, not guessed by its round trip.
constexpr double fast_path = 1e9;  // bytes a second

}  // namespace

void Engine::send_mark(TimePoint now) {
    std::array<std::byte, sizeof(std::uint64_t)> number;
    store_big_endian<std::uint64_t>(number, flight_.mark(now));
    PacketSink::send(msg::Ping{number});
}

void Engine::on_pong(Bytes data, TimePoint now) {
    if (data.size() != sizeof(std::uint64_t)) return;
    flight_.on_answer(load_big_endian<std::uint64_t>(data.first<sizeof(std::uint64_t)>()), now);
}

/// Pings measure it only where we send much, and streams are mostly downloads. A culvert at the
/// other end reads no more than it can send: there it matters little.
void Engine::measure_round_trip(TimePoint now) {
    connection_.global_requests().send_keepalive(now);
    measurement_interval_ *= measurement_growth;
    measure_at_.reset();
    if (measurement_interval_ <= last_measurement) measure_at_ = now + measurement_interval_;
}

/// A server's SERVICE_ACCEPT, a client's signature after PK_OK: no stream's data stands in their
/// way yet, only what an agent takes to sign. A culvert has pings for that.
void Engine::on_login_answer(TimePoint now) noexcept {
    const auto asked = std::exchange(login_asked_, std::nullopt);
    if (asked && !peer_is_culvert()) on_round_trip(now - *asked, now);
}

/// Windows follow it: a peer that takes his time gains little.
void Engine::on_round_trip(Duration took, TimePoint now) noexcept {
    constexpr Duration believed = std::chrono::seconds{1};
    if (took > Duration::zero()) flight_.on_round_trip(std::min(took, believed), now);
}

void Engine::fit_first_window() noexcept {
    const Duration round_trip = flight_.round_trip();
    if (peer_is_culvert() || round_trip == Duration::zero()) return;
    connection_.fit_first_window(std::chrono::duration<double>(round_trip).count() * fast_path);
}

void Engine::follow_path() noexcept {
    connection_.set_path(flight_.round_trip(), peer_is_culvert());
    connection_.set_peer_knows_reset(transport_.peer_extensions().reset);
}

}  // namespace culvert
