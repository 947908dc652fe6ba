#include "common/transport/work_budget.hpp"

#include <doctest/doctest.h>

using namespace culvert;

namespace {

/// How many messages of this size one turn takes.
std::size_t messages_a_turn(WorkBudget& budget, std::size_t payload) {
    std::size_t messages = 0;
    while (!budget.is_used_up()) {
        budget.on_message(payload);
        ++messages;
    }
    return messages;
}

}  // namespace

TEST_CASE("a turn is so many payload bytes, and each message costs something") {
    WorkBudget budget;
    for (int turn = 0; turn < 3; ++turn) {
        CHECK(messages_a_turn(budget, 1) == 256);
        CHECK(messages_a_turn(budget, 32 * 1024) == 52);
        CHECK(messages_a_turn(budget, 256 * 1024) == 8);
        CHECK(messages_a_turn(budget, 3 * 1024 * 1024) == 1);
    }
}
