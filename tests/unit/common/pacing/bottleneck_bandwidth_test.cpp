#include "common/pacing/bottleneck_bandwidth.hpp"

#include <doctest/doctest.h>

using namespace culvert;

namespace {

/// Rounds of 1,000 bytes, one sample in each.
class Rounds {
public:
    /// Whether one has ended.
    bool add(double rate, bool is_app_limited = false) {
        const std::uint64_t delivered = sent_;
        sent_ += 1'000;
        return bandwidth.add({rate, is_app_limited}, delivered, sent_);
    }

    BottleneckBandwidth bandwidth;

private:
    std::uint64_t sent_ = 0;
};

}  // namespace

TEST_CASE("the best sample counts") {
    Rounds rounds;
    CHECK_FALSE(rounds.bandwidth.best());
    CHECK(rounds.add(100));
    CHECK(rounds.add(300));
    CHECK(rounds.add(200));
    CHECK(rounds.bandwidth.best() == 300);
}

TEST_CASE("a round ends with a probe that was sent after its begin was delivered") {
    BottleneckBandwidth bandwidth;
    CHECK(bandwidth.add({100, false}, 0, 1'000));
    CHECK_FALSE(bandwidth.add({100, false}, 0, 2'000));
    CHECK_FALSE(bandwidth.add({100, false}, 999, 3'000));
    CHECK(bandwidth.add({100, false}, 1'000, 4'000));
    CHECK_FALSE(bandwidth.add({100, false}, 3'999, 5'000));
}

TEST_CASE("an app-limited sample counts as the best one only, and its round not at all") {
    Rounds rounds;
    rounds.add(200);
    CHECK_FALSE(rounds.add(100, true));
    CHECK(rounds.bandwidth.best() == 200);
    CHECK_FALSE(rounds.add(300, true));
    CHECK(rounds.bandwidth.best() == 300);
    for (int i = 0; i < 1'000; ++i) rounds.add(100, true);
    CHECK(rounds.bandwidth.best() == 300);
}

TEST_CASE("a rate is forgotten after two spans of rounds") {
    constexpr unsigned span = limits::congestion::bandwidth_span_rounds;
    Rounds rounds;
    rounds.add(900);
    for (unsigned i = 1; i < 2 * span - 1; ++i) rounds.add(100);
    CHECK(rounds.bandwidth.best() == 900);
    rounds.add(100);
    CHECK(rounds.bandwidth.best() == 100);
}
