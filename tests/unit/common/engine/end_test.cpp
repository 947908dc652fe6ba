#include <doctest/doctest.h>

#include "tests/unit/common/engine/walks.hpp"

using namespace culvert;
using namespace culvert::test;

namespace {

using S = ServerWalk::Stage;
using C = ClientWalk::Stage;

std::string text_when_closed(const Engine& engine) {
    const Error error = engine.peer_gone(Gone::closed);
    CHECK(error.kind() == ErrorKind::network);
    return error.what();
}

Engine fresh(EngineConfig config) {
    static SeededRandom random{1};
    return {std::move(config), random, start_time};
}

}  // namespace

TEST_CASE("a peer that closes too early is described by how far it got") {
    struct Row {
        Role role;
        std::string_view said, text;
    };
    for (const Row& row : {
             Row{Role::client, "",
                 "the connection was closed before the server said anything: a firewall or proxy "
                 "in between, a server that is full (MaxStartups), or no SSH server"},
             Row{Role::client, "220 mail\x07 ready\r\n",
                 "the peer is not an SSH server: it said \"220 mail\\x07 ready\" and closed the "
                 "connection"},
             Row{Role::client, "SSH-2.0-x\r\n",
                 "the peer closed the connection during key exchange"},
             Row{Role::server, "", "the client closed the connection before it said anything"},
             Row{Role::server, "SS",
                 "the peer is not an SSH client: it said \"SS\" and closed the connection"},
             Row{Role::server, "SSH-2.0-x\r\n",
                 "the peer closed the connection during key exchange"},
         }) {
        CAPTURE(row.said);
        Engine engine = fresh(row.role == Role::client ? client_config() : server_config());
        ScriptedPeer peer{engine, row.role == Role::client ? Role::server : Role::client};
        peer.say_bytes(bytes_of(row.said));
        CHECK_FALSE(engine.poll(start_time));
        CHECK(text_when_closed(engine) == row.text);
    }

    ServerWalk logging_in{{}, StrictKex::yes};
    logging_in.go_to(S::before_request);
    CHECK(text_when_closed(logging_in.engine) ==
          "the peer closed the connection during authentication");
    logging_in.go_to(S::channel_open);
    CHECK(text_when_closed(logging_in.engine) == "the peer closed the connection");
}

TEST_CASE("a reset before the version is named as such") {
    Engine engine = fresh(client_config());
    ScriptedPeer peer{engine, Role::server};
    peer.say_bytes(bytes_of("+OK POP3 ready\r\n"));
    CHECK_FALSE(engine.poll(start_time));
    CHECK(std::string_view{engine.peer_gone(Gone::reset).what()} ==
          "the peer is not an SSH server: it said \"+OK POP3 ready\" and reset the connection");
}

TEST_CASE("a peer that takes too long is described by how far it got") {
    struct Row {
        Role role;
        std::string_view said, text;
    };
    for (const Row& row : {
             Row{Role::client, "", "the server said nothing within 30 s"},
             Row{Role::server, "", "the client said nothing within 30 s"},
             Row{Role::client, "+OK POP3 ready\r\n",
                 "the peer is not an SSH server: it said \"+OK POP3 ready\" and no SSH version "
                 "within 30 s"},
             Row{Role::client, "SSH-2.0-x\r\n", "no end of the key exchange within 30 s"},
         }) {
        CAPTURE(row.said);
        EngineConfig config = row.role == Role::client ? client_config() : server_config();
        config.login.grace = std::chrono::seconds{30};
        Engine engine = fresh(std::move(config));
        ScriptedPeer peer{engine, row.role == Role::client ? Role::server : Role::client};
        peer.say_bytes(bytes_of(row.said));
        CHECK_FALSE(engine.poll(start_time));
        const TimePoint late = start_time + std::chrono::seconds{30};
        CHECK_THROWS_WITH_AS(engine.on_time(late), std::string{row.text}.c_str(), ProtocolError);
    }
}

TEST_CASE("after the end nothing is said, read or waited for") {
    ServerWalk walk{{}, StrictKex::yes};
    walk.go_to(S::channel_open);
    walk.engine.set_readable(ChannelId{0});
    walk.peer.say(msg::ChannelData{ChannelId{0}, bytes_of("late")});
    walk.engine.end(DisconnectReason::by_application, "done");
    walk.engine.end(DisconnectReason::protocol_error, "done twice");
    CHECK(walk.engine.ended());
    CHECK(walk.poll().empty());
    CHECK_FALSE(walk.engine.next_deadline());
    // Not even the exchange of keys that are an hour old.
    CHECK_FALSE(walk.engine.send_turn(1000, start_time + std::chrono::hours{2}));
    CHECK_NOTHROW(walk.engine.on_time(start_time + std::chrono::hours{2}));

    const auto heard = walk.peer.listen();
    REQUIRE(heard.size() == 1);
    const auto last = decode<msg::Disconnect>(heard[0]);
    CHECK(last.reason == static_cast<std::uint32_t>(DisconnectReason::by_application));
    CHECK(last.description == "done");
}

TEST_CASE("after a peer's DISCONNECT nothing of it is read (RFC 4253 11.1)") {
    ServerWalk walk{{}, StrictKex::yes};
    walk.go_to(S::channel_open);
    walk.peer.say(msg::Disconnect{11, "bye", ""});
    walk.peer.say(msg::ChannelData{ChannelId{0}, bytes_of("late")});
    REQUIRE(walk.poll().size() == 1);
    CHECK(std::get<PeerDisconnected>(walk.events[0]).description == "bye");
    CHECK(walk.poll().empty());
}
