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
        received.connection.set_readable(received.id);
        const auto event = received.hears(msg::ChannelEof{received.id});
        REQUIRE(event);
        CHECK(std::get<test::ChannelEofReceived>(*event).channel == received.id);
        CHECK(received.connection.next_turn());
        CHECK(received.sent.take().empty());

        Opened sent{server};
        sent.connection.set_readable(sent.id);
        sent.send_eof(sent.id);
        CHECK(sent.sent.take() == Payloads{encoded(msg::ChannelEof{remote})});
        CHECK_FALSE(sent.connection.next_turn());
        CHECK(sent.hears(msg::ChannelData{sent.id, bytes_of("still here")}));
        sent.connection.delivered(sent.id, 10, {});
    }
}

TEST_CASE("data after EOF are dropped, a second EOF is ignored") {
    for (const bool server : {true, false}) {
        Opened in{server};
        CHECK(in.hears(msg::ChannelEof{in.id}));
        CHECK_FALSE(in.hears(msg::ChannelData{in.id, bytes_of("x")}));
        CHECK_FALSE(in.hears(msg::ChannelExtendedData{in.id, 1, bytes_of("xy")}));
        CHECK(in.connection.find(in.id)->receive_window() == 100'000 - 3);
        CHECK_FALSE(in.hears(msg::ChannelEof{in.id}));
        CHECK_FALSE(in.hears(msg::ChannelWindowAdjust{in.id, 5}));
        CHECK(in.connection.irregularities().count(Irregularity::data_after_eof) == 2);
        CHECK(in.connection.irregularities().count(Irregularity::second_eof) == 1);
        CHECK(in.sent.take().empty());
        // The other direction goes on.
        in.connection.set_readable(in.id);
        CHECK(in.connection.next_turn());
    }
}

TEST_CASE("data after EOF are held to the window, and none of it is granted again") {
    Opened in{true};
    const ByteVector full(Channel::maximum_packet);
    CHECK(in.hears(msg::ChannelEof{in.id}));
    for (int i = 0; i < 3; ++i) CHECK_FALSE(in.hears(msg::ChannelData{in.id, full}));
    CHECK(in.sent.take().empty());
    CHECK_THROWS_AS(in.hears(msg::ChannelData{in.id, full}), ProtocolError);
    const ByteVector too_long(Channel::maximum_packet + 1);
    CHECK_THROWS_AS(in.hears(msg::ChannelData{in.id, too_long}), ProtocolError);
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
            CHECK(std::get<test::ChannelClosed>(*event).channel == in.id);
            CHECK(std::get<test::ChannelClosed>(*event).end == ChannelEnd::clean);
            CHECK(in.sent.take() == Payloads{encoded(msg::ChannelClose{remote})});
            CHECK(in.connection.channels() == 0);
        }
    }
}

namespace {

/// Everything that a peer may send too late, each twice.
void say_late(LoneConnection& to, ChannelId id) {
    for (int i = 0; i < 2; ++i) {
        CHECK_FALSE(to.hears(msg::ChannelWindowAdjust{id, 0xffff'ffff}));
        CHECK_FALSE(to.hears(msg::ChannelData{id, bytes_of("late")}));
        CHECK_FALSE(to.hears(msg::ChannelExtendedData{id, 1, bytes_of("late")}));
        CHECK_FALSE(to.hears(msg::ChannelEof{id}));
        CHECK_FALSE(to.hears(msg::ChannelClose{id}));
        CHECK_FALSE(to.hears(msg::ChannelRequest{id, "window-change", true}));
        CHECK_FALSE(to.hears(msg::ChannelRequest{id, "reset@culvert.internal", false}));
        CHECK_FALSE(to.hears(msg::ChannelSuccess{id}));
        CHECK_FALSE(to.hears(msg::ChannelFailure{id}));
    }
}

}  // namespace

TEST_CASE("what comes for a closed channel is ignored, unanswered and counted") {
    for (const bool server : {true, false}) {
        for (const bool we_closed_first : {true, false}) {
            CAPTURE(server);
            CAPTURE(we_closed_first);
            Opened in{server};
            if (we_closed_first) in.connection.close(in.id);
            in.hears(msg::ChannelClose{in.id});
            in.sent.take();
            CHECK(in.connection.channels() == 0);
            say_late(in, in.id);
            CHECK(in.sent.take().empty());
            CHECK(in.connection.channels() == 0);
            auto& counted = in.connection.irregularities();
            for (const Irregularity kind : {Irregularity::late_window_adjust,
                                            Irregularity::late_eof, Irregularity::late_close}) {
                CHECK(counted.count(kind) == 2);
            }
            CHECK(counted.count(Irregularity::late_data) == 4);
            CHECK(counted.count(Irregularity::late_channel_request) == 4);
            CHECK(counted.count(Irregularity::late_reply) == 4);
            std::size_t told = 0;
            while (counted.take_new()) ++told;
            CHECK(told == 6);
            say_late(in, in.id);
            CHECK_FALSE(counted.take_new());
        }
    }
}

TEST_CASE("late data are held to the window that the channel had") {
    Opened in{true};
    const ByteVector full(Channel::maximum_packet);
    CHECK(in.hears(msg::ChannelData{in.id, full}));
    CHECK(in.hears(msg::ChannelClose{in.id}));
    CHECK_FALSE(in.hears(msg::ChannelData{in.id, full}));
    CHECK_FALSE(in.hears(msg::ChannelExtendedData{in.id, 1, full}));
    CHECK_THROWS_AS(in.hears(msg::ChannelData{in.id, full}), ProtocolError);
}

TEST_CASE("what is late for one channel doesn't touch those that are opened after it") {
    for (const bool server : {true, false}) {
        CAPTURE(server);
        Opened in{server};
        in.connection.close(in.id);
        CHECK_FALSE(in.hears(msg::ChannelClose{in.id}));
        for (int i = 0; i < 100; ++i) {
            const ChannelId next = server ? in.accept(ChannelId{80}) : in.open(ChannelId{80});
            CHECK(next != in.id);
            in.sent.take();
            const std::uint32_t window = in.connection.find(next)->receive_window();
            CHECK_FALSE(in.hears(msg::ChannelWindowAdjust{in.id, 1'000}));
            CHECK_FALSE(in.hears(msg::ChannelEof{in.id}));
            CHECK_FALSE(in.hears(msg::ChannelClose{in.id}));
            CHECK(in.connection.find(next)->receive_window() == window);
            CHECK(in.hears(msg::ChannelData{next, bytes_of("for the next one")}));
            CHECK(in.hears(msg::ChannelClose{next}));
        }
    }
}

TEST_CASE("an id that never was the peer's to name still ends the connection") {
    for (const bool server : {true, false}) {
        CAPTURE(server);
        Opened in{server};
        CHECK(in.hears(msg::ChannelClose{in.id}));
        for (const std::uint32_t value : {1u, 5u, 0x7fff'ffffu, 0xffff'ffffu}) {
            const ChannelId id{value};
            CHECK_THROWS_AS(in.hears(msg::ChannelWindowAdjust{id, 1}), ProtocolError);
            CHECK_THROWS_AS(in.hears(msg::ChannelData{id, bytes_of("x")}), ProtocolError);
            CHECK_THROWS_AS(in.hears(msg::ChannelExtendedData{id, 1, bytes_of("x")}),
                            ProtocolError);
            CHECK_THROWS_AS(in.hears(msg::ChannelEof{id}), ProtocolError);
            CHECK_THROWS_AS(in.hears(msg::ChannelClose{id}), ProtocolError);
            CHECK_THROWS_AS(in.hears(msg::ChannelRequest{id, "x", true}), ProtocolError);
            CHECK_THROWS_AS(in.hears(msg::ChannelSuccess{id}), ProtocolError);
            CHECK_THROWS_AS(in.hears(msg::ChannelFailure{id}), ProtocolError);
        }
    }
}

TEST_CASE("replies without a request are ignored") {
    for (const bool server : {true, false}) {
        CAPTURE(server);
        Opened in{server};
        CHECK_FALSE(in.hears(msg::ChannelSuccess{in.id}));
        CHECK_FALSE(in.hears(msg::ChannelFailure{in.id}));
        CHECK_FALSE(in.hears(msg::RequestSuccess{}));
        CHECK_FALSE(in.hears(msg::RequestFailure{}));
        ByteVector with_port = encoded(msg::RequestSuccess{});
        Writer{with_port}.uint32(8080);
        CHECK_FALSE(in.hears(with_port));
        CHECK(in.connection.irregularities().count(Irregularity::unasked_channel_reply) == 2);
        CHECK(in.connection.irregularities().count(Irregularity::unasked_global_reply) == 3);
        CHECK(in.sent.take().empty());
        CHECK(in.hears(msg::ChannelData{in.id, bytes_of("it goes on")}));
        // One that was asked for is no irregularity.
        in.connection.global_requests().send_keepalive({});
        CHECK_FALSE(in.hears(msg::RequestFailure{}));
        CHECK(in.connection.irregularities().count(Irregularity::unasked_global_reply) == 3);
    }
}

TEST_CASE("what crosses our CLOSE is legal, unheard and unanswered") {
    for (const bool server : {true, false}) {
        CAPTURE(server);
        Opened in{server};
        in.connection.set_readable(in.id);
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
    CHECK_FALSE(in.hears(msg::ChannelClose{in.id}));
    CHECK(in.sent.take().empty());
}

TEST_CASE("a reset is told to a peer that knows of it, ahead of CLOSE") {
    for (const bool server : {true, false}) {
        CAPTURE(server);
        Opened known{server};
        known.connection.set_peer_knows_reset(true);
        known.connection.reset(known.id);
        CHECK(known.sent.take() ==
              Payloads{encoded(msg::ChannelRequest{remote, "reset@culvert.internal", false}),
                       encoded(msg::ChannelClose{remote})});

        Opened unknown{server};
        unknown.connection.reset(unknown.id);
        CHECK(unknown.sent.take() == Payloads{encoded(msg::ChannelClose{remote})});

        Opened received{server};
        CHECK(received.hears(msg::ChannelData{received.id, bytes_of("half")}));
        CHECK_FALSE(
            received.hears(msg::ChannelRequest{received.id, "reset@culvert.internal", false}));
        const auto event = received.hears(msg::ChannelClose{received.id});
        REQUIRE(event);
        CHECK(std::get<test::ChannelClosed>(*event).end == ChannelEnd::reset);
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
        REQUIRE(id.value() <= ChannelTable::resting);
        server.connection.set_readable(id);
        if (i % 2 == 0) server.send_eof(id);
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
