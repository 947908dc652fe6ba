#include <doctest/doctest.h>

#include "tests/unit/common/connection/lone_connection.hpp"
#include "tests/unit/common/wire/refusal.hpp"

using namespace culvert;
using test::LoneConnection;
using test::refusal;
using Payloads = std::vector<ByteVector>;
using Then = ChannelRead::Then;

namespace {

/// As `type` 1 or another, of a channel's second stream.
msg::ChannelExtendedData extended(ChannelId channel, Bytes data, std::uint32_t type = 1) {
    return {channel, type, data};
}

}  // namespace

TEST_CASE("data reach their channel as a view, and credit goes back as they are delivered") {
    LoneConnection server{test::of_server()};
    const ChannelId id = server.accept(ChannelId{70});
    const ByteVector packet = encoded(msg::ChannelData{id, bytes_of("hello")});
    const auto event = server.hears(packet);
    REQUIRE(event);
    const auto& received = std::get<test::ChannelDataReceived>(*event);
    CHECK(received.channel == id);
    CHECK(text_of(received.data) == "hello");
    CHECK(received.at == packet.data() + msg::ChannelData::header_size);

    const ByteVector bulk(25'000);
    CHECK(server.hears(msg::ChannelData{id, bulk}));
    server.connection.delivered(id, 24'999, {});
    CHECK(server.sent.take().empty());
    server.connection.delivered(id, 6, {});
    CHECK(server.sent.take() == Payloads{encoded(msg::ChannelWindowAdjust{ChannelId{70}, 25'005})});
    CHECK(server.hears(msg::ChannelData{id, {}}));  // nothing, but legal
}

TEST_CASE("data past the window or the maximum packet end the connection (CVE-2025-54804)") {
    const ByteVector full(Channel::maximum_packet);
    const ByteVector too_long(Channel::maximum_packet + 1);
    LoneConnection server{test::of_server()};
    const ChannelId id = server.accept();
    CHECK(refusal([&] {
              server.hears(msg::ChannelData{id, too_long});
          }).reason() == DisconnectReason::protocol_error);
    CHECK_THROWS_AS(server.hears(extended(id, too_long)), ProtocolError);
    for (int i = 0; i < 3; ++i) CHECK(server.hears(msg::ChannelData{id, full}));
    CHECK_THROWS_AS(server.hears(msg::ChannelData{id, full}), ProtocolError);
    const ByteVector rest(100'000 - 3 * full.size());
    CHECK(server.hears(msg::ChannelData{id, rest}));
    CHECK_THROWS_AS(server.hears(msg::ChannelData{id, bytes_of("x")}), ProtocolError);
    CHECK_THROWS_AS(server.hears(extended(id, bytes_of("x"))), ProtocolError);
}

TEST_CASE("extended data count, are dropped, and their credit is returned at once") {
    LoneConnection server{test::of_server()};
    const ChannelId id = server.accept(ChannelId{70});
    const ByteVector some(10'000);
    for (const std::uint32_t type : {1u, 0u}) {
        CAPTURE(type);
        CHECK_FALSE(server.hears(extended(id, some, type)));
        CHECK_FALSE(server.hears(extended(id, some, type)));
        CHECK(server.sent.take().empty());
        CHECK(server.connection.find(id)->receive_window() == 80'000);
        CHECK_FALSE(server.hears(extended(id, some, type)));
        CHECK(server.sent.take() ==
              Payloads{encoded(msg::ChannelWindowAdjust{ChannelId{70}, 30'000})});
        CHECK(server.connection.find(id)->receive_window() == 100'000);
    }
}

TEST_CASE("the window is adjusted up to 2^32-1 and not past it") {
    LoneConnection server{test::of_server()};
    const ChannelId id = server.accept(ChannelId{70}, 0);
    server.connection.set_readable(id);
    CHECK_FALSE(server.connection.next_turn());
    for (int i = 0; i < 1000; ++i) CHECK_FALSE(server.hears(msg::ChannelWindowAdjust{id, 0}));
    CHECK_FALSE(server.connection.next_turn());
    CHECK_FALSE(server.hears(msg::ChannelWindowAdjust{id, 0xffff'ffff}));
    CHECK(server.connection.next_turn());
    CHECK(refusal([&] {
              server.hears(msg::ChannelWindowAdjust{id, 1});
          }).reason() == DisconnectReason::protocol_error);
    CHECK(server.sent.take().empty());
}

TEST_CASE("a turn is held to the window, the peer's packet size and what is readable") {
    LoneConnection server{test::of_server()};
    CHECK_FALSE(server.connection.next_turn());
    const ChannelId id = server.accept(ChannelId{70}, 12'000, 500);
    CHECK_FALSE(server.connection.next_turn());
    server.connection.set_readable(id);
    const auto turn = server.connection.next_turn();
    REQUIRE(turn);
    CHECK(turn->channel.local() == id);
    CHECK(turn->channel.remote() == ChannelId{70});
    CHECK(turn->bytes == 12'000);
    CHECK(turn->packet_bytes == 500);

    server.connection.on_turn_over(turn->channel, {12'000, Then::more}, {});
    CHECK_FALSE(server.connection.next_turn());
    server.hears(msg::ChannelWindowAdjust{id, 7});
    CHECK(server.connection.next_turn().value().bytes == 7);
    server.connection.on_turn_over(turn->channel, {0, Then::would_block}, {});
    CHECK_FALSE(server.connection.next_turn());
}

TEST_CASE("turns go round, one that was idle first") {
    LoneConnection server{test::of_server()};
    const ChannelId bulk = server.accept(ChannelId{70}, 0xffff'ffff, 32'768);
    const ChannelId other = server.accept(ChannelId{71}, 0xffff'ffff, 32'768);
    const ChannelId keystroke = server.accept(ChannelId{72});
    server.connection.set_readable(bulk);
    server.connection.set_readable(other);
    std::size_t by_bulk = 0;
    std::size_t by_other = 0;
    for (int i = 0; i < 200; ++i) {
        const auto turn = server.connection.next_turn();
        REQUIRE(turn);
        (turn->channel.local() == bulk ? by_bulk : by_other) += turn->bytes;
        server.connection.on_turn_over(turn->channel, {turn->bytes, Then::more}, {});
    }
    CHECK(std::max(by_bulk, by_other) - std::min(by_bulk, by_other) <=
          2 * Scheduler::default_quantum);
    server.connection.set_readable(keystroke);
    CHECK(server.connection.next_turn().value().channel.local() == keystroke);
}

TEST_CASE("a channel that isn't confirmed sends nothing, whatever is readable") {
    LoneConnection client{test::of_client()};
    const ChannelId id = client.ask();
    client.connection.set_readable(id);
    CHECK_FALSE(client.connection.next_turn());
    CHECK(client.hears(msg::ChannelOpenConfirmation{id, ChannelId{70}, 10, 10}));
    CHECK(client.connection.next_turn());
}

TEST_CASE("requests are answered as RFC 4254 5.4 says") {
    LoneConnection server{test::of_server()};
    const ChannelId id = server.accept(ChannelId{70});
    const auto request = [&](std::string_view type, bool want_reply, std::string_view rest) {
        ByteVector payload = encoded(msg::ChannelRequest{id, type, want_reply});
        append(payload, bytes_of(rest));
        CHECK_FALSE(server.hears(payload));
        return server.sent.take();
    };
    const Payloads failure{encoded(msg::ChannelFailure{ChannelId{70}})};
    CHECK(request("exec", true, "id") == failure);
    CHECK(request("keepalive@openssh.com", true, "") == failure);
    CHECK(request("exit-status", false, "0000").empty());
    CHECK(request("reset@culvert.internal", false, "").empty());
    ByteVector longer = encoded(msg::ChannelRequest{id, "reset@culvert.internal", false});
    longer.push_back(std::byte{0});
    CHECK_THROWS_AS(server.hears(longer), ProtocolError);
}

TEST_CASE("global requests are passed on") {
    LoneConnection server{test::of_server()};
    CHECK_FALSE(server.hears(msg::GlobalRequest{"keepalive@openssh.com", true}));
    CHECK(server.sent.take() == Payloads{encoded(msg::RequestFailure{})});
    server.connection.global_requests().send_keepalive(TimePoint{});
    server.connection.global_requests().send_keepalive(TimePoint{});
    CHECK_FALSE(server.hears(msg::RequestFailure{}));
    ByteVector with_data = encoded(msg::RequestSuccess{});
    with_data.push_back(std::byte{1});
    CHECK_FALSE(server.hears(with_data));
    CHECK(server.connection.global_requests().awaited_replies() == 0);
}

TEST_CASE("the message numbers of the connection layer (RFC 4254 9)") {
    for (unsigned number = 0; number < 256; ++number) {
        CAPTURE(number);
        const bool ours = (number >= 80 && number <= 82) || (number >= 90 && number <= 100);
        CHECK(Connection::handles(static_cast<std::uint8_t>(number)) == ours);
        // Each of them, without its fields, is refused. Replies may have none.
        const bool is_reply = number == 81 || number == 82;
        LoneConnection server{test::of_server()};
        if (ours && !is_reply) {
            CHECK_THROWS_AS(server.hears(ByteVector{static_cast<std::byte>(number)}),
                            ProtocolError);
        }
    }
}

TEST_CASE("no message reaches a channel that doesn't exist (RFC 4254 5)") {
    for (const ChannelId id : {ChannelId{0}, ChannelId{1}, ChannelId{0xffff'ffff}}) {
        CAPTURE(id.value());
        LoneConnection server{test::of_server()};
        if (id == ChannelId{1}) server.accept();
        CHECK_THROWS_AS(server.hears(msg::ChannelWindowAdjust{id, 1}), ProtocolError);
        CHECK_THROWS_AS(server.hears(msg::ChannelData{id, bytes_of("x")}), ProtocolError);
        CHECK_THROWS_AS(server.hears(extended(id, bytes_of("x"))), ProtocolError);
        CHECK_THROWS_AS(server.hears(msg::ChannelEof{id}), ProtocolError);
        CHECK_THROWS_AS(server.hears(msg::ChannelClose{id}), ProtocolError);
        CHECK_THROWS_AS(server.hears(msg::ChannelRequest{id, "r", true}), ProtocolError);
        CHECK_THROWS_AS(server.hears(msg::ChannelSuccess{id}), ProtocolError);
        CHECK_THROWS_AS(server.hears(msg::ChannelFailure{id}), ProtocolError);
        CHECK(server.sent.take().empty());
    }
}
