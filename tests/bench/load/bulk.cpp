#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <atomic>
#include <barrier>
#include <cstdio>
#include <stdexcept>
#include <thread>
#include <vector>

#include "tests/bench/load/measurements.hpp"

namespace load {

namespace {

constexpr std::size_t most_discarded = 1 << 20;

void send_up(Stream& stream, std::uint64_t bytes, const Content& content) {
    stream.ask({Purpose::sink});
    for (std::uint64_t sent = 0; sent < bytes;) sent += content.send(stream, sent, bytes - sent);
    stream.send_eof();
    if (stream.receive_count() != bytes) throw std::runtime_error("not all bytes arrived");
}

void fetch_down(Stream& stream, std::uint64_t bytes) {
    stream.ask({Purpose::source, bytes});
    std::uint64_t received = 0;
    while (const std::size_t more = stream.discard(most_discarded)) received += more;
    if (received != bytes) throw std::runtime_error("not all bytes arrived");
}

}  // namespace

void measure_bulk(std::uint16_t port, Purpose direction, int streams, std::uint64_t bytes,
                  const Content& content) {
    std::vector<double> ended(static_cast<std::size_t>(streams));
    std::atomic<bool> failed = false;
    Clock::time_point start;
    std::barrier ready{streams, [&start]() noexcept { start = Clock::now(); }};
    const auto carry = [&](double& end) {
        try {
            Stream stream = Stream::connect(port);
            ready.arrive_and_wait();
            direction == Purpose::sink ? send_up(stream, bytes, content)
                                       : fetch_down(stream, bytes);
            end = seconds(Clock::now() - start);
        } catch (const std::exception& error) {
            fmt::print(stderr, "culvert_load: {}\n", error.what());
            failed = true;
            ready.arrive_and_drop();
        }
    };
    {
        std::vector<std::jthread> threads;
        for (double& end : ended) threads.emplace_back(carry, std::ref(end));
    }
    if (failed) throw std::runtime_error("a stream failed");
    fmt::print("{{\"seconds\": {:.6f}, \"stream_seconds\": [{:.6f}]}}\n",
               *std::max_element(ended.begin(), ended.end()), fmt::join(ended, ", "));
}

}  // namespace load
