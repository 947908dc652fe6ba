#include <doctest/doctest.h>

#include "tests/unit/common/engine/world.hpp"

using namespace culvert;
using namespace culvert::test;
using namespace std::chrono_literals;

namespace {

/// Both sides say all that they have to say, and each time it takes `one_way` to arrive.
void exchange_all(World& world, Duration one_way) {
    for (bool said = true; said;) {
        said = false;
        for (const Role role : {Role::client, Role::server}) {
            world.program(role).work(world.now());
            world.transmit(role, SIZE_MAX);
            world.pass(one_way);
            if (world.carry(role, SIZE_MAX) > 0) said = true;
        }
    }
}

}  // namespace

TEST_CASE("a peer without pings is asked a few times, since a login takes longer than the path") {
    Scene scene;
    for (EngineConfig* const config : {&scene.client, &scene.server}) {
        config->measures_round_trip = true;
        config->transport.extensions.ping = false;
        config->keepalive.interval = Duration::zero();
    }
    World world{std::move(scene)};
    const auto round_trip = [&](Role role) { return world.engine(role).flight().round_trip(); };
    exchange_all(world, 10ms);
    CHECK(round_trip(Role::client) == 20ms);
    CHECK(round_trip(Role::server) == 20ms);
    int times = 0;
    while (world.engine(Role::client).next_deadline() < start_time + 1h) {
        world.pass(*world.engine(Role::client).next_deadline() - world.now());
        exchange_all(world, 1ms);
        ++times;
    }
    CHECK(times == 3);
    CHECK(round_trip(Role::client) == 2ms);
    CHECK(round_trip(Role::server) == 3ms);  // its words wait for the client to have its turn
}
