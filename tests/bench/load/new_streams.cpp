#include <fmt/core.h>

#include <array>
#include <atomic>
#include <stdexcept>
#include <thread>
#include <vector>

#include "tests/bench/load/measurements.hpp"

namespace load {

void measure_new_streams(std::uint16_t port, int count, int at_once) {
    std::atomic<int> left = count;
    std::atomic<bool> failed = false;
    const auto open_and_close = [&] {
        try {
            std::array<std::byte, 1> byte{};
            while (left-- > 0) {
                Stream stream = Stream::connect(port);
                stream.ask({Purpose::echo}, byte);
                stream.receive(byte);
            }
        } catch (const std::exception& error) {
            fmt::print(stderr, "culvert_load: {}\n", error.what());
            failed = true;
        }
    };
    const auto start = Clock::now();
    {
        std::vector<std::jthread> threads;
        for (int i = 0; i < at_once; ++i) threads.emplace_back(open_and_close);
    }
    if (failed) throw std::runtime_error("a stream failed");
    fmt::print("{{\"seconds\": {:.6f}}}\n", seconds(Clock::now() - start));
}

}  // namespace load
