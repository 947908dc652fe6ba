#include <doctest/doctest.h>

#include "tests/unit/common/engine/world.hpp"

using namespace culvert;
using namespace culvert::test;
using namespace std::chrono_literals;

namespace {

/// A bulk stream and one of small messages, from the client to the server, over a path that takes
/// a tenth of a millisecond there and back.
class Shared {
public:
    Shared() {
        // Whatever is sent while the streams are opened would make no difference.
        while (!small_.is_open || !bulk_.is_open) {
            bulk_.ready = small_.ready = 0;
            world_.exchange();
        }
        bulk_.ready = SIZE_MAX;
        client_.set_readable(*bulk_.channel);
    }

    /// Sends all the bulk that may go, a small message if there is one, and carries it all.
    std::size_t round(bool small) {
        const std::size_t before = bulk_.sent;
        small_.ready = small ? message : 0;
        if (small) client_.set_readable(*small_.channel);
        send();
        now_ += 100us;
        carry(client_, world_.program(Role::server));
        carry(world_.engine(Role::server), world_.program(Role::client));
        return bulk_.sent - before;
    }
    bool has_interactive_traffic() const {
        return client_.send_policy().send_batch(now_).is_single;
    }
    std::size_t largest_turn() const noexcept { return largest_turn_; }
    std::size_t smallest_turn() const noexcept { return smallest_turn_; }

private:
    static constexpr std::size_t endless = SIZE_MAX / 2;
    static constexpr std::size_t message = 100;

    void send() {
        largest_turn_ = 0;
        smallest_turn_ = SIZE_MAX;
        const std::size_t batch = client_.send_policy().send_batch(now_).bytes;
        while (client_.unsent().size() < batch) {
            bulk_.last_room = small_.last_room = 0;
            if (!client_.send_turn(batch - client_.unsent().size(), now_)) break;
            const std::size_t turn = bulk_.last_room + small_.last_room;
            largest_turn_ = std::max(largest_turn_, turn);
            smallest_turn_ = std::min(smallest_turn_, turn);
        }
    }

    void carry(Engine& from, Program& to) {
        to.receive(from.unsent(), now_);
        from.sent(from.unsent().size());
        for (const std::size_t stream : {0, 1}) to.deliver(stream, SIZE_MAX);
    }

    World world_{Scene{.streams = {{.size = {endless, 0}}, {.size = {endless, 0}}}}};
    Engine& client_ = world_.engine(Role::client);
    Program::Stream& bulk_ = world_.program(Role::client).stream(0);
    Program::Stream& small_ = world_.program(Role::client).stream(1);
    TimePoint now_ = start_time;
    std::size_t largest_turn_ = 0;  ///< of the last round
    std::size_t smallest_turn_ = 0;
};

}  // namespace

TEST_CASE("beside small messages little is sent at a time") {
    Shared shared;
    for (int i = 0; i < 60; ++i) REQUIRE(shared.round(false) > 0);
    CHECK_FALSE(shared.has_interactive_traffic());
    CHECK(shared.largest_turn() > InteractiveTraffic::turn);

    for (int i = 0; i < 60; ++i) shared.round(true);
    CHECK(shared.has_interactive_traffic());
    std::size_t sent = 0;
    for (int i = 0; i < 60; ++i) {
        sent += shared.round(true);
        CHECK(shared.largest_turn() <= InteractiveTraffic::turn);
    }
    CHECK(sent > 0);

    for (int i = 0; i < 60; ++i) shared.round(false);
    CHECK_FALSE(shared.has_interactive_traffic());
    CHECK(shared.largest_turn() > InteractiveTraffic::turn);
}

TEST_CASE("a turn that all but fits leaves no runt") {
    Shared shared;
    for (int i = 0; i < 60; ++i) REQUIRE(shared.round(false) > 0);
    for (int i = 0; i < 60; ++i) {
        shared.round(false);
        CHECK(shared.smallest_turn() == Scheduler::default_quantum);
    }
}

TEST_CASE(
    "bulk goes on when interactive traffic makes what was sent since the last ping too much") {
    for (int alone = 50; alone < 70; ++alone) {
        CAPTURE(alone);
        Shared shared;
        for (int i = 0; i < alone; ++i) REQUIRE(shared.round(false) > 0);
        for (int i = 0; i < 60; ++i) shared.round(true);
        std::size_t sent = 0;
        for (int i = 0; i < 60; ++i) sent += shared.round(true);
        CHECK(sent > 1'000'000);
    }
}
