#include <fmt/core.h>
#include <fmt/ranges.h>
#include <sys/epoll.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <iostream>
#include <limits>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include "tests/bench/load/measurements.hpp"

namespace load {

namespace {

constexpr std::size_t most_discarded = 1 << 20;

/// Streams that go on without end, carried by one event loop.
class Many {
public:
    Many(const std::vector<std::uint16_t>& ports, int streams, Purpose direction,
         const Content& content)
        : direction_{direction}, content_{content}, by_port_(ports.size()) {
        for (int i = 0; i < streams; ++i) {
            for (std::size_t port = 0; port < ports.size(); ++port)
                streams_.push_back({Stream::connect(ports[port]), port});
        }
        // None saturates the tunnel while others are still being opened.
        for (std::size_t i = 0; i < streams_.size(); ++i) {
            Stream& stream = streams_[i].stream;
            stream.ask({direction_, std::numeric_limits<std::uint64_t>::max()});
            epoll_event event{.events = direction_ == Purpose::source ? EPOLLIN : EPOLLOUT,
                              .data = {.u64 = i}};
            if (::epoll_ctl(epoll_, EPOLL_CTL_ADD, stream.descriptor(), &event) != 0)
                throw std::system_error(errno, std::generic_category(), "epoll_ctl");
        }
    }

    void run() {
        std::array<epoll_event, 64> events;
        for (;;) {
            const int count = ::epoll_wait(epoll_, events.data(), events.size(), -1);
            for (int i = 0; i < count; ++i) on_ready(events[static_cast<std::size_t>(i)].data.u64);
        }
    }

    std::size_t started() const { return started_; }

    std::vector<std::uint64_t> carried() const { return {by_port_.begin(), by_port_.end()}; }

private:
    struct Carried {
        Stream stream;
        std::size_t port;
        std::uint64_t bytes = 0;
    };

    void on_ready(std::size_t place) {
        Carried& one = streams_[place];
        const std::size_t more =
            direction_ == Purpose::source
                ? one.stream.discard(most_discarded)
                : content_.send_what_fits(one.stream, one.bytes,
                                          std::numeric_limits<std::uint64_t>::max());
        if (more == 0 && direction_ == Purpose::source)
            throw std::system_error(ECONNABORTED, std::generic_category(), "a stream ended early");
        if (one.bytes == 0 && more > 0) ++started_;
        one.bytes += more;
        by_port_[one.port] += more;
    }

    int epoll_ = ::epoll_create1(EPOLL_CLOEXEC);
    Purpose direction_;
    const Content& content_;
    std::vector<Carried> streams_;
    std::atomic<std::size_t> started_ = 0;
    std::vector<std::atomic<std::uint64_t>> by_port_;
};

}  // namespace

void carry_many(const std::vector<std::uint16_t>& ports, int streams, Purpose direction,
                const Content& content) {
    static Many many{ports, streams, direction, content};
    std::thread{[] {
        try {
            many.run();
        } catch (const std::exception& error) {
            fmt::print(stderr, "culvert_load: {}\n", error.what());
            std::_Exit(1);
        }
    }}.detach();
    fmt::print("{{\"streams\": {}}}\n", ports.size() * static_cast<std::size_t>(streams));
    std::fflush(stdout);
    for (std::string line; std::getline(std::cin, line);) {
        fmt::print("{{\"started\": {}, \"time\": {:.6f}, \"bytes\": [{}]}}\n", many.started(),
                   seconds(Clock::now().time_since_epoch()), fmt::join(many.carried(), ", "));
        std::fflush(stdout);
    }
}

}  // namespace load
