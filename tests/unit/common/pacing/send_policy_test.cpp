#include "common/pacing/send_policy.hpp"

#include <deque>
#include <limits>

#include <doctest/doctest.h>

using namespace culvert;
using namespace std::chrono_literals;

namespace {

constexpr TimePoint asked_at{1h};
constexpr std::size_t any_room = std::numeric_limits<std::size_t>::max();

struct Asked {
    InteractiveTraffic traffic;
    SendPolicy policy{traffic};

    std::size_t turn_room(std::size_t room) {
        policy.begin_turn(asked_at);
        return policy.turn_room(room);
    }
    /// Of what a channel may send, in what the output has room for.
    std::size_t turn_bytes(std::size_t wanted, std::size_t room) {
        return policy.turn_bytes(wanted, turn_room(room));
    }
    /// The kernel has taken so much in a tenth of a second.
    void measure_socket(std::size_t bytes) {
        policy.send_backlog().on_blocked(asked_at);
        policy.send_backlog().on_sent(bytes);
        policy.send_backlog().on_blocked(asked_at + 100ms);
    }
};

}  // namespace

TEST_CASE("a turn has the least of what the output, the path and small messages leave it") {
    Asked asked;
    CHECK(asked.turn_room(300'000) == 300'000);
    SUBCASE("beside small messages") {
        asked.traffic.on_small_message(asked_at);
        CHECK(asked.turn_room(300'000) == limits::interactive::turn);
        CHECK(asked.turn_room(1'000) == 1'000);
    }
    SUBCASE("on a path that is measured") {
        asked.policy.congestion_window().begin();
        CHECK(asked.turn_room(any_room) == limits::congestion::initial_window);
        asked.policy.congestion_window().on_sent(limits::congestion::initial_window / 2);
        CHECK(asked.turn_room(any_room) == limits::congestion::initial_window / 2);
        asked.policy.congestion_window().on_sent(limits::congestion::initial_window / 2);
        CHECK(asked.turn_room(any_room) == 0);
    }
}

TEST_CASE("small messages count from the next turn on, and for the congestion window as well") {
    Asked asked;
    CongestionWindow& window = asked.policy.congestion_window();
    window.begin();
    asked.policy.begin_turn(asked_at);
    window.on_sent(100'000);
    const std::uint64_t first = window.probe(asked_at);
    window.on_sent(100'000);
    const std::uint64_t second = window.probe(asked_at);
    window.on_pong(first, asked_at + 1ms);
    window.on_pong(second, asked_at + 2ms);
    const std::size_t alone = window.window();
    asked.traffic.on_small_message(asked_at);
    CHECK(window.window() == alone);
    asked.policy.begin_turn(asked_at);
    CHECK(window.window() < alone);
    asked.policy.begin_turn(asked_at + limits::interactive::memory);
    CHECK(window.window() == alone);
}

TEST_CASE("what is left of a turn is no runt") {
    struct Row {
        const char* name;
        std::size_t wanted;
        std::size_t bytes;
    };
    for (const Row& row : {
             Row{"less than the room", 79'999, 79'999},
             Row{"as much", 80'000, 80'000},
             Row{"an eighth more is finished", 90'000, 90'000},
             Row{"what is more than that waits", 90'001, 80'000},
             Row{"far more", 1'000'000, 80'000},
         }) {
        CAPTURE(row.name);
        Asked asked;
        CHECK(asked.turn_bytes(row.wanted, 80'000) == row.bytes);
    }
}

TEST_CASE("beside small messages a turn keeps its size, also where the rest is a runt") {
    Asked asked;
    asked.traffic.on_small_message(asked_at);
    CHECK(asked.turn_bytes(limits::interactive::turn + 1, any_room) == limits::interactive::turn);
}

TEST_CASE("a batch has what the process can afford, and to send no more than the socket carries") {
    Asked asked;
    CHECK(asked.policy.receive_batch(asked_at).bytes == asked.policy.io_budget().bytes());
    CHECK_FALSE(asked.policy.receive_batch(asked_at).is_single);
    CHECK(asked.policy.send_batch(asked_at).bytes == limits::send_backlog::largest);
    CHECK_FALSE(asked.policy.send_batch(asked_at).is_single);
    asked.measure_socket(4'000'000);  // 40 MB/s, of which 5 ms are 200 KB
    CHECK(asked.policy.send_batch(asked_at).bytes == 200'000);
    CHECK(asked.policy.receive_batch(asked_at).bytes == asked.policy.io_budget().bytes());
}

TEST_CASE("beside small messages batches are small, and others go on after each") {
    Asked asked;
    asked.traffic.on_small_message(asked_at);
    CHECK(asked.policy.receive_batch(asked_at).bytes == limits::interactive::batch);
    CHECK(asked.policy.receive_batch(asked_at).is_single);
    CHECK(asked.policy.send_batch(asked_at).bytes == limits::interactive::batch);
    CHECK(asked.policy.send_batch(asked_at).is_single);
    asked.measure_socket(100'000);  // 1 MB/s: less still
    CHECK(asked.policy.send_batch(asked_at).bytes == limits::send_backlog::smallest);
    CHECK_FALSE(asked.policy.send_batch(asked_at + limits::interactive::memory).is_single);
}

TEST_CASE("many connections have a part each of what is moved at once") {
    Asked asked;
    const std::size_t alone = asked.policy.receive_batch(asked_at).bytes;
    const InteractiveTraffic none;
    std::deque<SendPolicy> others;
    for (int i = 0; i < 99; ++i) others.emplace_back(none);
    CHECK(asked.policy.receive_batch(asked_at).bytes < alone);
    CHECK(asked.policy.receive_batch(asked_at).bytes == limits::io::together / 100);
    others.clear();
    CHECK(asked.policy.receive_batch(asked_at).bytes == alone);
}

TEST_CASE("the kernel is told of a batch that has doubled or halved") {
    Asked asked;
    CHECK(asked.policy.unsent_limit(100'000) == 100'000);
    CHECK_FALSE(asked.policy.unsent_limit(100'000));
    CHECK_FALSE(asked.policy.unsent_limit(199'999));
    CHECK_FALSE(asked.policy.unsent_limit(50'001));
    CHECK(asked.policy.unsent_limit(200'000) == 200'000);
    CHECK(asked.policy.unsent_limit(100'000) == 100'000);
}
