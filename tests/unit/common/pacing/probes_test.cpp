#include "common/pacing/probes.hpp"

#include <doctest/doctest.h>

using namespace culvert;
using namespace std::chrono_literals;

namespace {

constexpr TimePoint first_sent{1h};

}  // namespace

TEST_CASE("a pong answers for the probes before it") {
    Probes probes;
    CHECK(probes.empty());
    for (std::uint64_t i = 0; i < 5; ++i) CHECK(probes.add(first_sent + i * 1ms, 100 * i, {}) == i);
    CHECK(probes.oldest().at == first_sent);
    const Probe probe = probes.take(3);
    CHECK(probe.number == 3);
    CHECK(probe.at == first_sent + 3ms);
    CHECK(probe.sent == 300);
    CHECK_FALSE(probes.awaits(2));
    CHECK_FALSE(probes.awaits(3));
    CHECK(probes.awaits(4));
    CHECK_FALSE(probes.awaits(5));
    CHECK(probes.oldest().number == 4);
}

TEST_CASE("only so many are in flight, over and over again") {
    constexpr std::size_t most = limits::congestion::most_probes;
    Probes probes;
    for (std::size_t i = 0; i < 3 * most; ++i) {
        CHECK_FALSE(probes.full());
        probes.add(first_sent, i, {});
        if (probes.full()) CHECK(probes.take(probes.oldest().number).sent == i + 1 - most);
    }
}

TEST_CASE("probes that get no pong are dropped, and none again") {
    Probes probes;
    for (int i = 0; i < 4; ++i) probes.add(first_sent, 0, {});
    probes.drop_before(2);
    CHECK(probes.oldest().number == 2);
    probes.drop_before(1);
    CHECK(probes.oldest().number == 2);
    probes.drop_before(probes.next());
    CHECK(probes.empty());
}
