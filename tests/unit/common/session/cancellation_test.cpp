#include <chrono>

#include <doctest/doctest.h>

#include "tests/unit/common/session/conversation.hpp"

using namespace culvert;
using namespace culvert::test;

namespace {

enum class Cancelled { client, server, both };

ConversationPlan talk() {
    ConversationPlan plan;
    plan.link.largest_piece = 2000;
    plan.link.longest_delay = std::chrono::milliseconds{5};
    plan.link.send_buffer = 1;
    plan.longest_pause = std::chrono::milliseconds{3};
    plan.answer_time = std::chrono::seconds{2};  // a slow signature: the server is asked meanwhile
    plan.streams = {{10'000, 8'000}, {0, 100}};
    plan.adjust = [](EngineConfig& client, EngineConfig&) { client.transport.rekey.bytes = 7'000; };
    return plan;
}

/// False if it was over before so many handlers had run.
bool cancel_after(std::size_t handlers, Cancelled whom) {
    Conversation conversation{talk()};
    while (conversation.pair.handlers() < handlers) {
        if (!conversation.pair.step()) return false;
    }
    if (whom != Cancelled::server) conversation.pair.client_task.cancel();
    if (whom != Cancelled::client) conversation.pair.server_task.cancel();
    conversation.pair.run();
    CHECK(conversation.faults() == "");
    return true;
}

}  // namespace

TEST_CASE("a session that is cancelled wherever it waits ends, its peer too, and users are told") {
    for (const Cancelled whom : {Cancelled::client, Cancelled::server, Cancelled::both}) {
        CAPTURE(static_cast<int>(whom));
        std::size_t handlers = 0;
        for (bool cancelled = true; cancelled; ++handlers) {
            CAPTURE(handlers);
            cancelled = cancel_after(handlers, whom);
        }
        CHECK(handlers > 200);
    }
}
