#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>

namespace culvert {

// RFC 4254 sends ports in 32 bits.
constexpr std::uint32_t last_port = std::numeric_limits<std::uint16_t>::max();

/// 0 for what isn't one.
inline std::uint16_t port_or_0(std::uint32_t port) noexcept {
    return port <= last_port ? static_cast<std::uint16_t>(port) : 0;
}

/// For one that is shown only.
inline std::uint16_t port_or_last(std::uint32_t port) noexcept {
    return static_cast<std::uint16_t>(std::min(port, last_port));
}

}  // namespace culvert
