#include "common/base/load.hpp"

#include <array>
#include <vector>

#include <doctest/doctest.h>

namespace culvert {
namespace {

/// Threads with their loads; what is given to one is a connection more.
struct Threads {
    std::vector<Load> loads;
    std::vector<std::size_t> connections;

    explicit Threads(std::vector<double> busy, std::vector<std::size_t> have)
        : loads(busy.size()), connections{std::move(have)} {
        measure(busy, 30);
    }
    void measure(const std::vector<double>& busy, int times) {
        for (int n = 0; n < times; ++n) {
            for (std::size_t i = 0; i < loads.size(); ++i) loads[i].on_measured(busy[i]);
        }
    }
    std::vector<std::size_t> give(int burst) {
        std::vector<std::size_t> got(loads.size());
        for (; burst > 0; --burst) {
            std::vector<Candidate> candidates;
            for (std::size_t i = 0; i < loads.size(); ++i) {
                candidates.push_back({loads[i].average(), connections[i]});
            }
            const std::size_t chosen = least_loaded(candidates);
            loads[chosen].on_given();
            ++connections[chosen];
            ++got[chosen];
        }
        return got;
    }
};

using Counts = std::vector<std::size_t>;

}  // namespace

TEST_CASE("a connection goes to the thread with the least average load") {
    struct Row {
        const char* name;
        std::vector<double> busy;
        Counts have;
        Counts one_goes_to;
    };
    for (const Row& row : {
             Row{"all idle and empty: the first", {0, 0, 0}, {0, 0, 0}, {1, 0, 0}},
             Row{"all idle: the fewest connections", {0, 0, 0}, {2, 1, 2}, {0, 1, 0}},
             Row{"one that is busy is avoided", {0.9, 0.1}, {1, 50}, {0, 1}},
             Row{"busy alike: the fewest connections", {0.51, 0.53}, {9, 3}, {0, 1}},
             Row{"hardly busy is as good as idle", {0.03, 0}, {1, 2}, {1, 0}},
         }) {
        CAPTURE(row.name);
        CHECK(Threads{row.busy, row.have}.give(1) == row.one_goes_to);
    }
}

TEST_CASE("a burst spreads evenly, also where one looks idle") {
    CHECK(Threads{{0, 0, 0, 0}, {0, 0, 0, 0}}.give(100) == Counts{25, 25, 25, 25});
    CHECK(Threads{{0.5, 0.5}, {1, 1}}.give(10) == Counts{5, 5});

    // The idle one gets ahead by what the others are busy with, and no more.
    const Counts got = Threads{{1, 0}, {1, 0}}.give(100);
    CHECK(got[0] >= 40);
    CHECK(got[1] >= 56);
}

TEST_CASE("what was given is forgotten as the measurements take over") {
    Threads threads{{0, 0}, {0, 0}};
    threads.give(32);
    CHECK(threads.loads[0].average() == 1.0);
    threads.measure({0, 0.9}, 1);
    CHECK(threads.loads[0].average() == 0.5);
    threads.measure({0, 0.9}, 9);
    CHECK(threads.loads[0].average() < 0.01);
    CHECK(threads.loads[1].average() == doctest::Approx(0.9).epsilon(0.01));
    CHECK(threads.give(1) == Counts{1, 0});
}

}  // namespace culvert
