#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <limits>
#include <optional>
#include <stdexcept>
#include <system_error>
#include <thread>
#include <vector>

#include "tests/bench/load/measurements.hpp"

namespace load {

namespace {

constexpr std::size_t message_size = 64;
constexpr int warm_up = 50;
constexpr std::size_t most_discarded = 1 << 20;

/// A stream that carries as much as it can from its start until stop().
class Saturating {
public:
    Saturating(std::uint16_t port, Purpose direction, const Content& content)
        : stream_{Stream::connect(port)}, direction_{direction}, content_{content} {
        stream_.ask({direction_, std::numeric_limits<std::uint64_t>::max()});
        thread_ = std::jthread{[this] { carry(); }};
    }

    /// Ends it and says what has arrived, and in how many seconds.
    std::pair<std::uint64_t, double> stop() {
        stopped_ = true;
        if (direction_ == Purpose::source) {
            const double time = seconds(Clock::now() - start_);
            const std::uint64_t arrived = carried_;
            stream_.interrupt();
            return {arrived, time};
        }
        // What is under way counts when it has arrived, and so does the time until then.
        thread_.join();
        stream_.send_eof();
        const std::uint64_t arrived = stream_.receive_count();
        return {arrived, seconds(Clock::now() - start_)};
    }

private:
    void carry() {
        try {
            while (!stopped_) {
                const std::size_t more =
                    direction_ == Purpose::source
                        ? stream_.discard(most_discarded)
                        : content_.send(stream_, carried_, std::uint64_t{1} << 20);
                if (more == 0) break;
                carried_ += more;
            }
        } catch (const std::system_error& error) {
            if (!stopped_) fmt::print(stderr, "culvert_load: beside: {}\n", error.what());
        }
    }

    Stream stream_;
    Purpose direction_;
    const Content& content_;
    Clock::time_point start_ = Clock::now();
    std::atomic<std::uint64_t> carried_ = 0;
    std::atomic<bool> stopped_ = false;
    std::jthread thread_;  // the last: it uses all of the others
};

void round_trip(Stream& stream) {
    std::array<std::byte, message_size> message{};
    stream.send(message);
    stream.receive(message);
}

double percentile(std::vector<double>& sorted, double share) {
    return sorted[static_cast<std::size_t>(share * static_cast<double>(sorted.size() - 1))];
}

}  // namespace

void measure_round_trips(std::uint16_t port, const RoundTrips& wanted, const Content& content) {
    Stream stream = Stream::connect(port);
    stream.ask({Purpose::echo});
    for (int i = 0; i < warm_up && wanted.bulk_port == 0; ++i) round_trip(stream);

    std::optional<Saturating> beside;
    if (wanted.bulk_port != 0) {
        round_trip(stream);  // it is open before the other one begins
        beside.emplace(wanted.bulk_port, wanted.bulk, content);
        std::this_thread::sleep_for(wanted.settle);
    }

    std::vector<double> times;
    const auto start = Clock::now();
    auto now = start;
    while (static_cast<int>(times.size()) < wanted.count && now < start + wanted.most) {
        const auto sent = Clock::now();
        round_trip(stream);
        now = Clock::now();
        times.push_back(seconds(now - sent));
        if (wanted.pause.count() > 0) std::this_thread::sleep_for(wanted.pause);
    }
    std::sort(times.begin(), times.end());
    fmt::print("{{\"count\": {}, \"p50\": {:.7f}, \"p99\": {:.7f}, \"seconds\": {:.6f}",
               times.size(), percentile(times, 0.50), percentile(times, 0.99),
               seconds(now - start));
    if (beside) {
        const auto [bytes, time] = beside->stop();
        fmt::print(", \"bulk_bytes\": {}, \"bulk_seconds\": {:.6f}", bytes, time);
    }
    fmt::print("}}\n");
}

}  // namespace load
