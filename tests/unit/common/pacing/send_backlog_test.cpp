#include "common/pacing/send_backlog.hpp"

#include <doctest/doctest.h>

using namespace culvert;

namespace {

constexpr TimePoint start{std::chrono::hours{1}};

/// What is kept ready after the kernel has taken `bytes` in `took`.
std::size_t after(SendBacklog& target, std::size_t bytes, Duration took) {
    target.on_blocked(start);
    target.on_sent(bytes);
    target.on_blocked(start + took);
    target.on_emptied();
    return target.bytes();
}

}  // namespace

TEST_CASE("as much is kept ready as the connection carries in five milliseconds") {
    struct Row {
        std::size_t bytes_a_second;
        std::size_t target;
    };
    for (const Row& row : {
             Row{1'000, SendBacklog::smallest},
             Row{2'500'000, SendBacklog::smallest},  // 20 Mbit/s
             Row{40'000'000, 200'000},
             Row{1'000'000'000, SendBacklog::largest},
         }) {
        CAPTURE(row.bytes_a_second);
        SendBacklog target;
        CHECK(target.bytes() == SendBacklog::largest);
        CHECK(after(target, row.bytes_a_second / 10, std::chrono::milliseconds{100}) == row.target);
    }
}

TEST_CASE("a connection that becomes faster gets more again") {
    SendBacklog target;
    CHECK(after(target, 100, std::chrono::milliseconds{10}) == SendBacklog::smallest);
    CHECK(after(target, 10'000'000, std::chrono::milliseconds{10}) == SendBacklog::largest);
}

TEST_CASE("nothing is concluded from a moment, nor from a time when there was nothing to send") {
    SendBacklog target;
    CHECK(after(target, 1, SendBacklog::shortest_measurement - std::chrono::nanoseconds{1}) ==
          SendBacklog::largest);
    target.on_blocked(start);
    target.on_emptied();
    target.on_sent(1);
    target.on_blocked(start + std::chrono::seconds{1});
    CHECK(target.bytes() == SendBacklog::largest);
}
