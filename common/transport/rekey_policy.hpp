#pragma once

#include <cstdint>
#include <optional>

#include "common/base/time.hpp"
#include "common/pacing/limits.hpp"
#include "common/transport/packet_codec.hpp"

namespace culvert {

/// When keys are replaced. RFC 4253 9 recommends a gigabyte and an hour.
struct RekeyLimits {
    std::uint64_t bytes = std::uint64_t{1} << 30;  ///< in each direction; wire bytes
    Duration time = std::chrono::hours{1};         ///< 0: however old they are
    /// RFC 4344 3.1: before 2^32 packets, where the sequence number would come round.
    std::uint64_t packets = std::uint64_t{1} << 31;
};

/// When keys are due to be replaced, and when the exchange that does it is overdue.
class RekeyPolicy {
public:
    explicit RekeyPolicy(const RekeyLimits& limits) noexcept : limits_{limits} {}

    /// Keys are in use from now on, both ways; or those that are count from now on.
    void on_keys(TimePoint now) noexcept {
        keys_since_ = now;
        exchange_began_.reset();
    }
    void on_exchange_begun(TimePoint now) noexcept { exchange_began_ = now; }

    bool is_due(const KeyUse& sent, const KeyUse& received, TimePoint now) const noexcept {
        if (exchange_began_) return false;
        const bool is_old = limits_.time > Duration::zero() && now - keys_since_ >= limits_.time;
        return is_worn(sent) || is_worn(received) || is_old;
    }
    bool is_overdue(TimePoint now) const noexcept {
        return exchange_began_ && now >= *exchange_began_ + exchange_limit;
    }
    std::optional<TimePoint> next_deadline() const noexcept {
        if (exchange_began_) return *exchange_began_ + exchange_limit;
        if (limits_.time == Duration::zero()) return std::nullopt;
        return keys_since_ + limits_.time;
    }

    static constexpr Duration exchange_limit = limits::time_limit::key_exchange;

private:
    bool is_worn(const KeyUse& use) const noexcept {
        return use.bytes >= limits_.bytes || use.packets >= limits_.packets;
    }

    RekeyLimits limits_;
    TimePoint keys_since_{};
    std::optional<TimePoint> exchange_began_;  ///< of the one going on
};

}  // namespace culvert
