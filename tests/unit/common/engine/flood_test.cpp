// Peers that ask and ask: what is kept for them is bounded (attacks 8, 10, 16).
#include <doctest/doctest.h>

#include "tests/unit/common/engine/walks.hpp"

using namespace culvert;
using namespace culvert::test;

namespace {

using S = ServerWalk::Stage;
using C = ClientWalk::Stage;

enum class Flood {
    unanswered,  ///< it may go on for ever, and nothing is kept
    ended,       ///< the peer doesn't read the answers: the connection ends at the limit
};

/// The most that the engine had to send at a time.
struct Measured {
    std::size_t most_waiting = 0;
    bool ended = false;
};

/// The peer says it so often, and reads nothing.
Measured measure(Walk& walk, Bytes message, int times) {
    Measured measured;
    for (int i = 0; i < times && !measured.ended; ++i) {
        walk.peer.say(message);
        if (i % 64 != 0) continue;
        try {
            walk.poll();
        } catch (const ProtocolError& error) {
            CHECK(std::string_view{error.what()} ==
                  "the peer asks for answers that it doesn't read");
            measured.ended = true;
        }
        measured.most_waiting =
            std::max(measured.most_waiting,
                     walk.engine.unsent().size() + walk.engine.transport().held_bytes());
    }
    return measured;
}

ByteVector channel_open(std::string_view type) {
    return encoded(msg::ChannelOpen{type, ChannelId{1}, 1000, 1000});
}

}  // namespace

TEST_CASE("a flood is ignored, or ended before it takes memory") {
    struct Row {
        std::string_view name;
        S stage;
        ByteVector message;
        Flood outcome;
    };
    const ByteVector data(200);
    const ByteVector unknown{std::byte{200}};
    for (const Row& row : {
             Row{"PING before authentication (CVE-2025-26466)", S::before_request,
                 encoded(msg::Ping{data}), Flood::unanswered},
             Row{"IGNORE before authentication", S::before_request, encoded(msg::Ignore{data}),
                 Flood::unanswered},
             Row{"DEBUG before authentication", S::before_request,
                 encoded(msg::Debug{true, "text", ""}), Flood::unanswered},
             Row{"UNIMPLEMENTED before authentication", S::before_request,
                 encoded(msg::Unimplemented{0}), Flood::unanswered},
             Row{"unknown messages before authentication", S::before_request, unknown,
                 Flood::ended},
             Row{"PING", S::channel_open, encoded(msg::Ping{data}), Flood::ended},
             Row{"PING during a key exchange", S::rekey_before_init, encoded(msg::Ping{data}),
                 Flood::unanswered},
             Row{"IGNORE during a key exchange", S::rekey_before_init, encoded(msg::Ignore{data}),
                 Flood::unanswered},
             Row{"global requests", S::channel_open, encoded(msg::GlobalRequest{"x", true}),
                 Flood::ended},
             Row{"global requests while keys are exchanged", S::rekey_by_us,
                 encoded(msg::GlobalRequest{"x", true}), Flood::ended},
             Row{"channel requests", S::channel_open,
                 encoded(msg::ChannelRequest{ChannelId{0}, "x", true}), Flood::ended},
             Row{"channels of a type that we don't have", S::channel_open, channel_open("session"),
                 Flood::ended},
             Row{"window adjustments by nothing", S::channel_open,
                 encoded(msg::ChannelWindowAdjust{ChannelId{0}, 0}), Flood::unanswered},
             Row{"authentication requests after success", S::channel_open,
                 encoded(msg::UserauthRequest{"alice", ssh_connection, "none"}), Flood::unanswered},
         }) {
        CAPTURE(row.name);
        ServerWalk walk{{}, StrictKex::yes};
        walk.go_to(row.stage);
        const Measured measured = measure(walk, row.message, 80'000);
        if (row.outcome == Flood::unanswered) {
            CHECK_FALSE(measured.ended);
            CHECK(measured.most_waiting == 0);
        } else {
            CHECK(measured.ended);
            // The answers to what one look at the input finds come on top.
            CHECK(measured.most_waiting <= Engine::reply_limit + 64 * 300);
        }
    }
}

TEST_CASE("answers that are held during a key exchange count, others that leave meanwhile or not") {
    for (const bool reads : {false, true}) {
        CAPTURE(reads);
        ServerWalk walk{{}, StrictKex::yes};
        walk.go_to(S::rekey_before_init);
        const auto flood = [&] {
            for (int i = 0; i < 100'000; ++i) {
                walk.peer.say(msg::GlobalRequest{"x", true});  // answered behind NEWKEYS
                walk.peer.say(ByteVector{std::byte{200}});     // answered at once
                walk.poll();
                if (reads) walk.peer.listen();
            }
        };
        CHECK_THROWS_WITH_AS(flood(), "the peer asks for answers that it doesn't read",
                             ProtocolError);
        CHECK(walk.engine.transport().held_bytes() <= Engine::reply_limit + 100);
    }
}

namespace {

/// The budget for windows lets it open as many channels as it likes.
EngineConfig with_small_windows() {
    EngineConfig config = client_config();
    config.identities.keys.push_back(stranger_key()->public_key());
    config.connection.receive_window = {1'000, 1'000};
    return config;
}

}  // namespace

TEST_CASE("what we begin ourselves isn't blamed on a peer that is slow to read") {
    ClientWalk walk{{}, StrictKex::yes, with_small_windows()};
    walk.go_to(C::channel_open);
    const DirectTcpip type{{std::string(200, 't'), 110}, {"127.0.0.1", 40000}};
    for (const bool held : {false, true}) {
        CAPTURE(held);
        if (held) walk.engine.start_rekey(start_time);
        const std::size_t before = walk.engine.unsent().size();
        for (int i = 0; i < 8'000; ++i) {
            const auto id = walk.engine.open(type, walk.user, start_time);
            REQUIRE(id);
            walk.engine.reset(*id);
            walk.peer.say(msg::Ignore{});
        }
        CHECK_NOTHROW(walk.poll());
        CHECK(walk.engine.unsent().size() - before + walk.engine.transport().held_bytes() >
              Engine::reply_limit);
    }
}

TEST_CASE("an end comes to what is sent to a peer that reads nothing") {
    ClientWalk walk{{}, StrictKex::yes, with_small_windows()};
    walk.go_to(C::channel_open);
    const DirectTcpip type{{std::string(30'000, 't'), 110}, {"127.0.0.1", 40000}};
    const auto open_many = [&] {
        for (int i = 0; i < 1'000; ++i) {
            walk.engine.open(type, walk.user, start_time);
            walk.peer.say(msg::Ignore{});
            walk.poll();
        }
    };
    CHECK_THROWS_WITH_AS(open_many(), "the peer doesn't read: 16 MiB wait for it", Error);
}

TEST_CASE("a peer that reads as it asks may ask for ever") {
    ServerWalk walk{{}, StrictKex::yes};
    walk.go_to(S::channel_open);
    for (int i = 0; i < 1'000; ++i) {
        for (int asked = 0; asked < 100; ++asked) {
            walk.peer.say(msg::GlobalRequest{"x", true});
        }
        REQUIRE_NOTHROW(walk.poll());
        walk.peer.listen();
    }
}

TEST_CASE("what takes long is done in turns, so that others on the thread have theirs") {
    struct Row {
        std::string_view name;
        ByteVector message;
        int times;
    };
    for (const Row& row : {
             Row{"large messages, which may have been small before they were inflated",
                 encoded(msg::Ignore{ByteVector(200'000)}), 11},
             Row{"small ones that may each open a socket", encoded(msg::Ignore{Bytes{}}), 257},
         }) {
        CAPTURE(row.name);
        ServerWalk walk{{}, StrictKex::yes};
        walk.go_to(S::channel_open);
        const int before = walk.turns;
        for (int i = 0; i < row.times; ++i) walk.peer.say(row.message);
        walk.poll();
        CHECK(walk.turns == before + 1);
    }
}

TEST_CASE("channels beyond the limit are refused, and cost nothing") {
    EngineConfig config = server_config();
    config.connection.channel_limit = 100;
    ServerWalk walk{{}, StrictKex::yes, config};
    walk.go_to(S::channel_open);  // the first one
    ByteVector open = channel_open("direct-tcpip");
    encode_fields(msg::TcpipChannel{"target", 110, "127.0.0.1", 40000}, open);
    std::size_t requested = 1;
    std::size_t refused = 0;
    for (int i = 0; i < 1000; ++i) {
        walk.peer.say(open);
        requested += walk.poll().size();
        for (const ByteVector& payload : walk.peer.listen()) {
            const auto failure = decode<msg::ChannelOpenFailure>(payload);
            CHECK(failure.reason ==
                  static_cast<std::uint32_t>(OpenFailureReason::resource_shortage));
            ++refused;
        }
    }
    CHECK(requested == 100);
    CHECK(refused == 901);
    CHECK(walk.engine.channels() == 100);
}
