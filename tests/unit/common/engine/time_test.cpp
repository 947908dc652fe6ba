#include <doctest/doctest.h>

#include "tests/unit/common/engine/recorded_session.hpp"
#include "tests/unit/common/engine/walks.hpp"

using namespace culvert;
using namespace culvert::test;
using namespace std::chrono_literals;

namespace {

using S = ServerWalk::Stage;
using C = ClientWalk::Stage;

bool asks_for_life(const std::vector<ByteVector>& heard) {
    if (heard.size() != 1) return false;
    Reader in{heard[0]};
    const auto request = decode_head<msg::GlobalRequest>(in);
    return request.type == "keepalive@openssh.com" && request.want_reply;
}

/// Lets the engine know the time whenever it asks for it; the peer says nothing. Returns when it
/// gave up.
TimePoint silence_until_given_up(Engine& engine) {
    for (;;) {
        const TimePoint deadline = engine.next_deadline().value();
        try {
            engine.on_time(deadline);
        } catch (const Error&) {
            return deadline;
        }
    }
}

}  // namespace

TEST_CASE("the login grace time ends a login at every byte of it (attack 12)") {
    const RecordedSession session{{}};
    for (const Role role : {Role::client, Role::server}) {
        const Bytes bytes = session.bytes_from(World::other(role));
        for (std::size_t length = 0;; ++length) {
            CAPTURE(length);
            REQUIRE(length <= bytes.size());
            RecordedSession::Replay replay{session, role};
            replay.play(bytes.first(length));
            if (replay.engine().authenticated()) break;
            CHECK(replay.engine().next_deadline() == start_time + 30s);
            CHECK_NOTHROW(replay.engine().on_time(start_time + 30s - 1ns));
            CHECK_THROWS_AS(replay.engine().on_time(start_time + 30s), ProtocolError);
        }
    }
}

TEST_CASE("the time that a user takes to look at a host key doesn't count") {
    ClientWalk walk{{}, StrictKex::yes};
    walk.go_to(C::deciding);
    CHECK(walk.engine.next_deadline() == std::nullopt);
    CHECK_NOTHROW(walk.engine.on_time(start_time + 1h));
    walk.engine.accept_host_key(start_time + 1h);
    CHECK(walk.engine.next_deadline() == start_time + 1h + 30s);
}

TEST_CASE("a silent peer is asked three times, then given up (docs/contract.md)") {
    ServerWalk walk{{}, StrictKex::yes};
    walk.go_to(S::channel_open);
    for (const Duration after : {15s, 30s, 45s}) {
        CHECK(walk.engine.next_deadline() == start_time + after);
        walk.engine.on_time(start_time + after - 1ns);
        CHECK(walk.peer.listen().empty());
        walk.engine.on_time(start_time + after);
        CHECK(asks_for_life(walk.peer.listen()));
    }
    CHECK_NOTHROW(walk.engine.on_time(start_time + 60s - 1ns));
    CHECK_THROWS_WITH_AS(walk.engine.on_time(start_time + 60s),
                         "nothing heard from the peer for 60 s, nor an answer to 3 keepalives",
                         Error);
}

TEST_CASE("any received byte is life") {
    ServerWalk walk{{}, StrictKex::yes};
    walk.go_to(S::channel_open);
    for (const Duration after : {15s, 30s, 45s}) walk.engine.on_time(start_time + after);
    walk.peer.now = start_time + 59s;
    walk.peer.say_bytes(std::array{std::byte{7}});  // the beginning of a packet
    CHECK(walk.engine.next_deadline() == start_time + 74s);
    CHECK(silence_until_given_up(walk.engine) == start_time + 59s + 60s);
}

TEST_CASE("no keepalive is sent, and no peer given up, while data flows") {
    ServerWalk walk{{}, StrictKex::yes};
    walk.go_to(S::channel_open);
    for (walk.peer.now = start_time; walk.peer.now < start_time + 50min; walk.peer.now += 14s) {
        walk.peer.say(msg::ChannelData{ChannelId{0}, bytes_of("x")});
        REQUIRE(walk.poll().size() == 1);
        CHECK_NOTHROW(walk.engine.on_time(walk.peer.now + 14s));
    }
    CHECK(walk.peer.listen().empty());
}

TEST_CASE("a peer that answers lives on") {
    ServerWalk walk{{}, StrictKex::yes};
    walk.go_to(S::channel_open);
    for (int i = 0; i < 100; ++i) {
        walk.peer.now = walk.engine.next_deadline().value();
        walk.engine.on_time(walk.peer.now);
        REQUIRE(asks_for_life(walk.peer.listen()));
        walk.peer.say(msg::RequestFailure{});
        CHECK(walk.poll().empty());
    }
}

TEST_CASE("a program that was stopped for an hour asks before it gives up") {
    ServerWalk walk{{}, StrictKex::yes};
    walk.go_to(S::channel_open);
    walk.engine.on_time(start_time + 50min);
    CHECK(asks_for_life(walk.peer.listen()));
    CHECK(walk.engine.next_deadline() == start_time + 50min + 15s);
}

TEST_CASE("without keepalives none is sent") {
    EngineConfig config = server_config();
    config.keepalive.interval = {};
    World world{Scene{.server = config}};
    world.settle();
    // What is left is the age of the keys.
    CHECK(world.engine(Role::server).next_deadline() == start_time + 1h);
}

TEST_CASE("a key exchange that isn't finished within two minutes ends the connection (attack 10)") {
    struct Row {
        std::string_view name;
        S stage;
    };
    for (const Row& row : {Row{"we began, the peer never does", S::rekey_by_us},
                           Row{"the peer stops before its key", S::rekey_before_init},
                           Row{"the peer stops before NEWKEYS", S::rekey_before_new_keys}}) {
        CAPTURE(row.name);
        ServerWalk walk{{}, StrictKex::yes};
        walk.go_to(row.stage);
        // The peer isn't silent, it only doesn't go on.
        walk.peer.now = start_time + 20s;
        walk.peer.say(msg::Ignore{});
        walk.poll();
        CHECK_NOTHROW(walk.engine.on_time(start_time + 120s - 1ns));
        CHECK(walk.engine.next_deadline() == start_time + 120s);
        try {
            walk.engine.on_time(start_time + 120s);
            FAIL("it goes on");
        } catch (const ProtocolError& error) {
            CHECK(error.reason() == DisconnectReason::key_exchange_failed);
        }
    }
}

TEST_CASE("nothing is read from a program while a key exchange holds it back (attack 10)") {
    ServerWalk walk{{}, StrictKex::yes};
    walk.go_to(S::channel_open);
    walk.engine.set_readable(ChannelId{0});
    walk.go_to(S::rekey_before_init);
    CHECK_FALSE(walk.engine.send_turn(1 << 20, start_time));
    CHECK(walk.user.slot_sizes.empty());
    walk.go_to(S::rekey_before_new_keys);  // our NEWKEYS is out
    CHECK(walk.engine.send_turn(1 << 20, start_time));
    CHECK_FALSE(walk.user.slot_sizes.empty());
}

TEST_CASE("keys are renewed by age, and by use") {
    ServerWalk old{{}, StrictKex::yes};
    old.go_to(S::channel_open);
    old.peer.now = start_time + 59min + 59s;
    old.peer.say(msg::Ignore{});
    old.poll();
    CHECK(old.engine.next_deadline() == start_time + 1h);
    old.engine.on_time(start_time + 1h);
    CHECK(old.peer.listen_for_numbers() == std::vector<int>{msg::KexInit::number});

    EngineConfig config = server_config();
    config.transport.rekey.bytes = 10'000;
    World world{{.server = config, .streams = {{.size = {100'000, 0}}}}};
    world.settle();
    CHECK(world.is_finished());
    CHECK(world.program(Role::client).rekeys() > 0);
}

TEST_CASE("a channel that the server never answers is refused in time, and closed if it opens") {
    ClientWalk walk{{}, StrictKex::yes};
    walk.go_to(C::opening);
    walk.engine.on_time(start_time + 15s - 1ns);
    REQUIRE(walk.events.empty());
    walk.engine.on_time(start_time + 15s);
    REQUIRE(walk.events.size() == 1);
    const auto& refused = std::get<ChannelRefused>(walk.events[0]);
    CHECK(refused.channel == ChannelId{0});
    CHECK(refused.failure.description == "the server gave no answer within 15 s");
    walk.peer.listen();

    walk.peer.say(msg::ChannelOpenConfirmation{ChannelId{0}, ChannelId{0}, 1000, 1000});
    CHECK(walk.poll().empty());
    CHECK(walk.peer.listen_for_numbers() == std::vector<int>{msg::ChannelClose::number});
    walk.peer.say(msg::ChannelClose{ChannelId{0}});
    CHECK(walk.poll().empty());
    CHECK(walk.engine.channels() == 0);
}
