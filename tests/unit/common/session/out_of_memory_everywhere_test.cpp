#include <chrono>

#include <doctest/doctest.h>

#include "tests/unit/allocations.hpp"
#include "tests/unit/common/session/conversation.hpp"

using namespace culvert;
using namespace culvert::test;

TEST_CASE(
    "whichever allocation of ours fails between connecting and the end, no user is left untold") {
    const std::size_t failed = for_each_allocation([](std::size_t n) {
        CAPTURE(n);
        ConversationPlan plan;
        plan.link.largest_piece = 4000;
        plan.link.send_buffer = 1;
        plan.longest_pause = std::chrono::milliseconds{3};
        plan.answer_time =
            std::chrono::seconds{2};  // a slow signature: the server is asked meanwhile
        plan.streams = {{20'000, 10'000}, {0, 100}};
        plan.adjust = [](EngineConfig& client, EngineConfig&) {
            client.transport.rekey.bytes = 12'000;
        };
        Conversation conversation{plan};
        bool has_failed = false;
        {
            const FailingAllocation failing{n, MayFail::but_asios};
            conversation.pair.run();
            has_failed = FailingAllocation::has_failed();
        }
        CHECK((has_failed ? conversation.faults() : conversation.losses()) == "");
        return has_failed;
    });
    CHECK(failed > 100);
}
