#include <algorithm>

#include <doctest/doctest.h>

#include "tests/unit/common/connection/recording_user.hpp"
#include "tests/unit/common/engine/world.hpp"

using namespace culvert;
using namespace culvert::test;
using namespace std::chrono_literals;

namespace {

/// Both sides say all that they have to say, and each time it takes `one_way` to arrive, or longer
/// before the client has its keys.
void exchange_all(World& world, Duration one_way, Duration longer = {}) {
    for (bool said = true; said;) {
        said = false;
        for (const Role role : {Role::client, Role::server}) {
            world.program(role).work(world.now());
            world.transmit(role, SIZE_MAX);
            const bool has_keys = world.engine(Role::client).transport().keys_sent();
            world.pass(has_keys ? one_way : std::max(one_way, longer));
            if (world.carry(role, SIZE_MAX) > 0) said = true;
        }
    }
}

/// Of programs that are no culverts, unless `reset` says so.
Scene scene_of(bool ping, bool reset) {
    Scene scene;
    for (EngineConfig* const config : {&scene.client, &scene.server}) {
        config->measures_round_trip = true;
        config->transport.extensions.ping = ping;
        config->transport.extensions.reset = reset;
    }
    return scene;
}

/// The login takes its time, what comes after it doesn't. Returns how often the client had
/// something to do in the first ten seconds.
int log_in_slowly(World& world) {
    exchange_all(world, 10ms);
    int times = 0;
    for (Engine& client = world.engine(Role::client);;) {
        const Duration wait = *client.next_deadline() - world.now();
        if (world.now() + wait > start_time + 10s) return times;
        world.pass(wait);
        exchange_all(world, 100us);
        ++times;
    }
}

std::uint64_t claim_of_a_new_channel(World& world) {
    Engine& client = world.engine(Role::client);
    const std::uint64_t before = client.windows()->claimed();
    RecordingUser user{[](const Told&) {}};
    const DirectTcpip type{{"target", 1}, {"originator", 2}};
    const auto channel = client.open(type, user, world.now());
    REQUIRE(channel);
    const std::uint64_t claim = client.windows()->claimed() - before;
    client.close(*channel);
    return claim;
}

}  // namespace

TEST_CASE("others than culverts are asked a few times: a login takes longer than the path") {
    for (const bool ping : {false, true}) {
        CAPTURE(ping);
        World world{scene_of(ping, false)};
        CHECK(log_in_slowly(world) == 3);
        CHECK(world.engine(Role::client).congestion_window().round_trip() == 200us);
        // Its words wait for the client to have its turn.
        CHECK(world.engine(Role::server).congestion_window().round_trip() == 300us);
        CHECK(claim_of_a_new_channel(world) == WindowSizes{}.first_on_short_path);
    }
}

TEST_CASE("of the key exchange and the answers in a login the shortest is the measure") {
    Scene scene = scene_of(false, false);
    // Of two keys it has to ask about the first.
    scene.client_keys = {user_key(), stranger_key()};
    scene.client.identities.keys = {user_key()->public_key(), stranger_key()->public_key()};
    World world{std::move(scene)};
    exchange_all(world, 100us, 5ms);
    for (const Role role : {Role::client, Role::server}) {
        CAPTURE(role);
        REQUIRE(world.engine(role).authenticated());
        CHECK(world.engine(role).congestion_window().round_trip() == 200us);
    }
}

TEST_CASE("a culvert isn't asked, and has the usual windows") {
    World world{scene_of(true, true)};
    CHECK(log_in_slowly(world) == 0);
    CHECK(world.engine(Role::client).congestion_window().round_trip() == 20ms);
    CHECK(claim_of_a_new_channel(world) == WindowSizes{}.first);
}

TEST_CASE("who wants no keepalives sends none") {
    Scene scene = scene_of(false, false);
    scene.client.keepalive.interval = Duration::zero();
    scene.server.keepalive.interval = Duration::zero();
    World world{std::move(scene)};
    CHECK(log_in_slowly(world) == 0);
}
