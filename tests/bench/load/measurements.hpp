#pragma once

#include <chrono>
#include <cstdint>
#include <vector>

#include "tests/bench/load/content.hpp"
#include "tests/bench/load/stream.hpp"

namespace load {

/// What the client side can measure. Each connects to a port of 127.0.0.1, where a tunnel leads to
/// the server, and prints one line of JSON: times in seconds, sizes in bytes.

/// `streams` at once, each with `bytes` in one direction, a thread for each: {"seconds",
/// "stream_seconds": [...]}. The clock starts when all are connected and stops when all has
/// arrived.
void measure_bulk(std::uint16_t port, Purpose direction, int streams, std::uint64_t bytes,
                  const Content& content);

struct RoundTrips {
    int count = 2000;
    std::chrono::milliseconds most{60'000};  ///< ended after that long, whatever the count
    std::chrono::microseconds pause{0};      ///< between an answer and the next question
    std::uint16_t bulk_port = 0;             ///< 0: nothing runs beside them
    Purpose bulk = Purpose::source;
    std::chrono::milliseconds settle{500};  ///< how long the bulk stream runs before they start
};

/// 64 bytes there and back on one stream: {"count", "p50", "p99", "seconds"}, and of what ran
/// beside them {"bulk_bytes", "bulk_seconds"}.
void measure_round_trips(std::uint16_t port, const RoundTrips& wanted, const Content& content);

/// `count` streams, `at_once` at any time, each opened, used for one byte there and back, and
/// closed:
/// {"seconds"}.
void measure_new_streams(std::uint16_t port, int count, int at_once);

/// Opens `count` streams, sends a byte there and back on each, prints {"held"}, and keeps them
/// until stdin ends.
void hold_idle_streams(std::uint16_t port, int count);

/// Opens `streams` streams to each port, prints {"streams"}, lets all of them carry what they can,
/// and answers every line on stdin with {"started": how many have carried anything, "time",
/// "bytes": [of each port so far]}, until stdin ends.
void carry_many(const std::vector<std::uint16_t>& ports, int streams, Purpose direction,
                const Content& content);

}  // namespace load
