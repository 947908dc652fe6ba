#include <fmt/core.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <vector>

#include "tests/bench/load/measurements.hpp"

namespace load {

void hold_idle_streams(std::uint16_t port, int count) {
    std::vector<Stream> held;
    std::array<std::byte, 1> byte{};
    for (int i = 0; i < count; ++i) {
        Stream& stream = held.emplace_back(Stream::connect(port));
        stream.ask({Purpose::echo}, byte);
        stream.receive(byte);
    }
    fmt::print("{{\"held\": {}}}\n", held.size());
    std::fflush(stdout);
    while (::read(STDIN_FILENO, byte.data(), byte.size()) > 0) {
    }
}

}  // namespace load
