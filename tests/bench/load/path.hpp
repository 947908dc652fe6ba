#pragma once

#include <chrono>
#include <cstdint>

namespace load {

/// A long or narrow network path, made of a proxy: what comes in leaves after the delay, and no
/// faster than the rate, byte for byte and in both directions. It takes in all that it is sent, as
/// a path with an endless queue does, so neither end learns from its socket how much is under way.
///
/// TCP's own handshake is with the proxy, and takes no time.
struct Path {
    std::chrono::microseconds delay{0};  ///< one way
    double megabits = 0;                 ///< a second, of each direction; 0: no limit
};

/// Listens on a free port of 127.0.0.1, prints {"port": N}, carries each connection to `to`, and
/// answers every line on stdin with the bytes so far, {"up": N, "down": N}, until stdin ends.
void run_path(const Path& path, std::uint16_t to);

}  // namespace load
