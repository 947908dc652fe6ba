#pragma once

#include <cstdint>

#include "common/base/time.hpp"
#include "common/transport/packet_codec.hpp"

namespace culvert {

/// When keys are replaced. RFC 4253 9 recommends a gigabyte and an hour.
struct RekeyLimits {
    std::uint64_t bytes = std::uint64_t{1} << 30;  ///< in each direction; wire bytes
    Duration time = std::chrono::hours{1};         ///< 0: however old they are
    /// RFC 4344 3.1: before 2^32 packets, where the sequence number would come round.
    std::uint64_t packets = std::uint64_t{1} << 31;
};

inline bool rekey_is_due(const RekeyLimits& limits, const KeyUse& sent, const KeyUse& received,
                         Duration age) noexcept {
    const auto worn = [&](const KeyUse& use) {
        return use.bytes >= limits.bytes || use.packets >= limits.packets;
    };
    const bool old = limits.time > Duration::zero() && age >= limits.time;
    return worn(sent) || worn(received) || old;
}

}  // namespace culvert
