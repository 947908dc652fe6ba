#include <doctest/doctest.h>

#include "tests/unit/common/connection/lone_connection.hpp"
#include "tests/unit/common/wire/refusal.hpp"

using namespace culvert;
using test::LoneConnection;
using Payloads = std::vector<ByteVector>;

namespace {

constexpr ChannelId remote{70};

/// An open channel, of either role.
struct Opened : LoneConnection {
    ChannelId id;

    explicit Opened(bool server)
        : LoneConnection{server ? test::of_server() : test::of_client()},
          id{server ? accept(remote) : open(remote)} {}
};

}  // namespace

TEST_CASE("EOF ends one direction and leaves the other (RFC 4254 5.3)") {
    for (const bool server : {true, false}) {
        CAPTURE(server);
        Opened received{server};
        received.connection.set_readable(received.id, true);
        const auto event = received.hears(msg::ChannelEof{received.id});
        REQUIRE(event);
        CHECK(std::get<ChannelEofReceived>(*event).channel == received.id);
        CHECK(received.connection.next_turn());
        CHECK(received.sent.take().empty());

        Opened sent{server};
        sent.connection.set_readable(sent.id, true);
        sent.connection.send_eof(sent.id);
        CHECK(sent.sent.take() == Payloads{encoded(msg::ChannelEof{remote})});
        CHECK_FALSE(sent.connection.next_turn());
        CHECK(sent.hears(msg::ChannelData{sent.id, bytes_of("still here")}));
        sent.connection.delivered(sent.id, 10, {});
    }
}

TEST_CASE("data after EOF, and a second EOF, are refused") {
    for (const bool server : {true, false}) {
        Opened in{server};
        CHECK(in.hears(msg::ChannelEof{in.id}));
        CHECK_THROWS_AS(in.hears(msg::ChannelData{in.id, bytes_of("x")}), ProtocolError);
        CHECK_THROWS_AS(in.hears(msg::ChannelExtendedData{in.id, 1, bytes_of("x")}), ProtocolError);
        CHECK_THROWS_AS(in.hears(msg::ChannelEof{in.id}), ProtocolError);
        CHECK_FALSE(in.hears(msg::ChannelWindowAdjust{in.id, 5}));
    }
}

TEST_CASE("the peer's CLOSE is answered with ours, and the number is free (RFC 4254 5.3)") {
    for (const bool server : {true, false}) {
        for (const bool eof : {true, false}) {
            CAPTURE(server);
            CAPTURE(eof);
            Opened in{server};
            if (eof) CHECK(in.hears(msg::ChannelEof{in.id}));
            const auto event = in.hears(msg::ChannelClose{in.id});
            REQUIRE(event);
            CHECK(std::get<ChannelClosed>(*event).channel == in.id);
            CHECK(std::get<ChannelClosed>(*event).end == ChannelEnd::clean);
            CHECK(in.sent.take() == Payloads{encoded(msg::ChannelClose{remote})});
            CHECK(in.connection.channels() == 0);

            // Twice, or anything else after it.
            CHECK_THROWS_AS(in.hears(msg::ChannelClose{in.id}), ProtocolError);
            CHECK_THROWS_AS(in.hears(msg::ChannelData{in.id, bytes_of("x")}), ProtocolError);
            CHECK_THROWS_AS(in.hears(msg::ChannelEof{in.id}), ProtocolError);
            CHECK_THROWS_AS(in.hears(msg::ChannelWindowAdjust{in.id, 1}), ProtocolError);
        }
    }
}

TEST_CASE("what crosses our CLOSE is legal, unheard and unanswered") {
    for (const bool server : {true, false}) {
        CAPTURE(server);
        Opened in{server};
        in.connection.set_readable(in.id, true);
        in.connection.close(in.id);
        CHECK(in.sent.take() == Payloads{encoded(msg::ChannelClose{remote})});
        CHECK_FALSE(in.connection.next_turn());

        const ByteVector bulk(30'000);
        CHECK_FALSE(in.hears(msg::ChannelWindowAdjust{in.id, 1'000}));
        CHECK_FALSE(in.hears(msg::ChannelData{in.id, bulk}));
        CHECK_FALSE(in.hears(msg::ChannelExtendedData{in.id, 1, bulk}));
        CHECK_FALSE(in.hears(msg::ChannelRequest{in.id, "exec", true}));
        CHECK_FALSE(in.hears(msg::ChannelRequest{in.id, "reset@culvert.internal", false}));
        CHECK_FALSE(in.hears(msg::ChannelEof{in.id}));
        CHECK_FALSE(in.connection.next_turn());
        CHECK(in.connection.channels() == 1);
        CHECK_FALSE(in.hears(msg::ChannelClose{in.id}));
        CHECK(in.connection.channels() == 0);
        CHECK(in.sent.take().empty());
    }
}

TEST_CASE("two CLOSEs that cross end the channel once") {
    Opened in{true};
    in.connection.close(in.id);
    CHECK_FALSE(in.hears(msg::ChannelClose{in.id}));
    CHECK(in.sent.take() == Payloads{encoded(msg::ChannelClose{remote})});
    CHECK_THROWS_AS(in.hears(msg::ChannelClose{in.id}), ProtocolError);
}

TEST_CASE("a reset is told to a peer that knows of it, ahead of CLOSE") {
    for (const bool server : {true, false}) {
        CAPTURE(server);
        Opened known{server};
        known.connection.reset(known.id, true);
        CHECK(known.sent.take() ==
              Payloads{encoded(msg::ChannelRequest{remote, "reset@culvert.internal", false}),
                       encoded(msg::ChannelClose{remote})});

        Opened unknown{server};
        unknown.connection.reset(unknown.id, false);
        CHECK(unknown.sent.take() == Payloads{encoded(msg::ChannelClose{remote})});

        Opened received{server};
        CHECK(received.hears(msg::ChannelData{received.id, bytes_of("half")}));
        CHECK_FALSE(
            received.hears(msg::ChannelRequest{received.id, "reset@culvert.internal", false}));
        const auto event = received.hears(msg::ChannelClose{received.id});
        REQUIRE(event);
        CHECK(std::get<ChannelClosed>(*event).end == ChannelEnd::reset);
    }
}

TEST_CASE("nothing is sent on a channel that the peer asks for before it is confirmed") {
    LoneConnection server{test::of_server()};
    const auto event = server.hears(test::tcpip_open("direct-tcpip", remote, "h", 1));
    const ChannelId id = std::get<ChannelRequested>(*event).channel;
    CHECK_THROWS_AS(server.hears(msg::ChannelData{id, bytes_of("x")}), ProtocolError);
    CHECK_THROWS_AS(server.hears(msg::ChannelEof{id}), ProtocolError);
    CHECK_THROWS_AS(server.hears(msg::ChannelClose{id}), ProtocolError);
    CHECK_THROWS_AS(server.hears(msg::ChannelRequest{id, "r", true}), ProtocolError);
    CHECK_THROWS_AS(server.hears(msg::ChannelWindowAdjust{id, 1}), ProtocolError);
}

TEST_CASE("ten thousand short channels leave nothing behind") {
    LoneConnection server{test::of_server()};
    for (std::uint32_t i = 0; i < 10'000; ++i) {
        const ChannelId id = server.accept(ChannelId{i});
        REQUIRE(id == ChannelId{0});
        server.connection.set_readable(id, true);
        if (i % 2 == 0) server.connection.send_eof(id);
        if (i % 3 == 0) {
            server.connection.close(id);
            REQUIRE_FALSE(server.hears(msg::ChannelClose{id}));
        } else {
            REQUIRE(server.hears(msg::ChannelClose{id}));
        }
        server.sent.take();
    }
    CHECK(server.connection.channels() == 0);
    CHECK_FALSE(server.connection.next_turn());
}
