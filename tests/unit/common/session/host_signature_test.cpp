#include <chrono>

#include <doctest/doctest.h>

#include "tests/unit/common/session/simulated_pair.hpp"

using namespace culvert;
using namespace culvert::test;
using namespace std::chrono_literals;

TEST_CASE("a session ends where the host key's signature takes longer than its time") {
    struct Row {
        Duration time;
        bool is_over;
    };
    for (const Row& row : {Row{9s, false}, Row{11s, true}}) {
        CAPTURE(row.time.count());
        SimulatedPair pair;
        pair.server_owner.answer_time = row.time;
        while (!pair.client_owner.authenticated && pair.step()) {
        }
        CHECK(pair.client_owner.authenticated == !row.is_over);
        pair.client_task.cancel();
        pair.run();
        const bool says_so = pair.server_end.text == "the host key's signature didn't come in 10 s";
        CHECK(says_so == row.is_over);
    }
}
