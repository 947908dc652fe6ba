#include <fmt/core.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstdio>
#include <stdexcept>
#include <thread>
#include <vector>

#include "tests/bench/load/measurements.hpp"

namespace load {

namespace {

constexpr int opened_at_once = 16;

/// `count` streams that have carried a byte each way.
std::vector<Stream> open_streams(std::uint16_t port, int count) {
    std::vector<Stream> opened;
    std::array<std::byte, 1> byte{};
    for (int i = 0; i < count; ++i) {
        Stream& stream = opened.emplace_back(Stream::connect(port));
        stream.ask({Purpose::echo}, byte);
        stream.receive(byte);
    }
    return opened;
}

}  // namespace

void hold_idle_streams(std::uint16_t port, int count) {
    std::array<std::vector<Stream>, opened_at_once> held;
    std::atomic<bool> failed = false;
    {
        std::vector<std::jthread> threads;
        for (int i = 0; i < opened_at_once; ++i) {
            const int share = count * (i + 1) / opened_at_once - count * i / opened_at_once;
            threads.emplace_back([&, i, share] {
                try {
                    held[static_cast<std::size_t>(i)] = open_streams(port, share);
                } catch (const std::exception& error) {
                    fmt::print(stderr, "culvert_load: {}\n", error.what());
                    failed = true;
                }
            });
        }
    }
    if (failed) throw std::runtime_error("a stream failed");
    fmt::print("{{\"held\": {}}}\n", count);
    std::fflush(stdout);
    char nothing;
    while (::read(STDIN_FILENO, &nothing, 1) > 0) {
    }
}

}  // namespace load
