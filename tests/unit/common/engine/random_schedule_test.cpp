#include "tests/unit/common/engine/random_schedule.hpp"

#include <doctest/doctest.h>

#include <cstdlib>
#include <string>

using namespace culvert::test;

namespace {

/// What went wrong, or nothing.
std::string failure_of(std::uint64_t seed) {
    try {
        RandomSchedule{seed}.run();
        return {};
    } catch (const std::exception& error) {
        return error.what();
    }
}

}  // namespace

// A seed that once failed stays here, with what it found.
TEST_CASE("schedules that found something") {
    struct Row {
        std::uint64_t seed;
        std::string_view found;
    };
    for (const Row& row : {Row{0, "nothing: the first of all"}}) {
        CAPTURE(row.seed);
        CAPTURE(row.found);
        CHECK(failure_of(row.seed) == "");
    }
}

// CULVERT_SEEDS=1000:2000 runs others.
TEST_CASE("whatever the schedule, every stream arrives byte for byte and ends as it was ended") {
    std::uint64_t first = 1;
    std::uint64_t last = 300;
    if (const char* const range = std::getenv("CULVERT_SEEDS")) {
        char* colon = nullptr;
        first = std::strtoull(range, &colon, 10);
        last = *colon == ':' ? std::strtoull(colon + 1, nullptr, 10) : first;
    }
    for (std::uint64_t seed = first; seed <= last; ++seed) {
        const std::string failure = failure_of(seed);
        CHECK_MESSAGE(failure.empty(), "seed ", seed, ": ", failure);
    }
}
