#include <doctest/doctest.h>
#include <fmt/format.h>

#include "tests/unit/common/connection/lone_connection.hpp"
#include "tests/unit/common/wire/refusal.hpp"

using namespace culvert;
using std::chrono::milliseconds;
using std::chrono::seconds;
using test::LoneConnection;
using test::refusal;
using test::tcpip_open;
using Payloads = std::vector<ByteVector>;

namespace {

/// The answer to the only packet that was sent.
msg::ChannelOpenFailure only_failure(const Payloads& sent) {
    REQUIRE(sent.size() == 1);
    return decode<msg::ChannelOpenFailure>(sent.front());
}

constexpr std::uint32_t value(OpenFailureReason reason) {
    return static_cast<std::uint32_t>(reason);
}

}  // namespace

TEST_CASE("channels are opened with a window that fits the path, within what was configured") {
    const WindowSizes sizes{};
    ConnectionConfig config = test::of_client();
    config.receive_window = sizes;
    LoneConnection client{config};
    const auto window_for = [&](double bytes) {
        client.connection.fit_first_window(bytes);
        return client.connection.find(client.ask())->receive_window();
    };
    CHECK(window_for(1e3) == sizes.first_on_short_path);
    CHECK(window_for(1e6) == 1'000'000);
    CHECK(window_for(1e9) == sizes.first);
}

TEST_CASE("a server is asked for a channel, and confirms or refuses it (RFC 4254 5.1, 7.2)") {
    LoneConnection server{test::of_server()};
    const auto event =
        server.hears(tcpip_open("direct-tcpip", ChannelId{70}, "pop3.example.com", 110));
    REQUIRE(event);
    const auto& requested = std::get<ChannelRequested>(*event);
    CHECK(requested.type ==
          ChannelType{DirectTcpip{{"pop3.example.com", 110}, {"10.0.0.9", 40'000}}});
    CHECK(server.sent.take().empty());  // the owner may take its time

    server.connection.accept(requested.channel, server.user_of(requested.channel));
    CHECK(server.sent.take() == Payloads{encoded(msg::ChannelOpenConfirmation{
                                    ChannelId{70}, requested.channel, 100'000, 32 * 1024})});
    CHECK(server.connection.channels() == 1);

    const auto other = server.hears(tcpip_open("direct-tcpip", ChannelId{71}, "h", 1));
    const ChannelId refused = std::get<ChannelRequested>(*other).channel;
    CHECK(server.connection.channels() == 2);
    server.connection.refuse(refused, {OpenFailureReason::connect_failed, "refused by h:1"});
    const Payloads sent = server.sent.take();
    const auto failure = only_failure(sent);
    CHECK(failure.recipient == ChannelId{71});
    CHECK(failure.reason == value(OpenFailureReason::connect_failed));
    CHECK(failure.description == "refused by h:1");
    CHECK(server.connection.channels() == 1);
}

TEST_CASE("what a peer may not open is refused with a reason, and costs no channel") {
    constexpr auto prohibited = value(OpenFailureReason::administratively_prohibited);
    constexpr auto failed = value(OpenFailureReason::connect_failed);
    constexpr auto unknown = value(OpenFailureReason::unknown_channel_type);
    const auto plain = [](std::string_view type) {
        return encoded(msg::ChannelOpen{type, ChannelId{70}, 1, 1});
    };
    const auto to_port = [](std::uint32_t port) {
        return tcpip_open("direct-tcpip", ChannelId{70}, "h", port);
    };
    struct Row {
        std::string_view name;
        ConnectionConfig config;
        ByteVector open;
        std::uint32_t reason;
        std::string_view description;
    };
    for (const Row& row : {
             Row{"session", test::of_server(), plain("session"), prohibited,
                 "this server carries TCP forwardings only and runs no commands: use ssh -N"},
             Row{"session of a server", test::of_client(), plain("session"), prohibited,
                 "a client opens nothing for a server"},
             Row{"direct-tcpip of a server", test::of_client(), to_port(110), prohibited,
                 "a client opens nothing for a server"},
             Row{"forwarded-tcpip to a client", test::of_client(),
                 tcpip_open("forwarded-tcpip", ChannelId{70}, "h", 1), prohibited,
                 "no such forwarding was asked for"},
             Row{"forwarded-tcpip to a server", test::of_server(),
                 tcpip_open("forwarded-tcpip", ChannelId{70}, "h", 1), prohibited,
                 "no such forwarding was asked for"},
             Row{"x11", test::of_server(), plain("x11"), unknown, "unknown channel type"},
             Row{"tun@openssh.com", test::of_server(), plain("tun@openssh.com"), unknown,
                 "unknown channel type"},
             Row{"no type", test::of_client(), plain(""), unknown, "unknown channel type"},
             Row{"port 0", test::of_server(), to_port(0), failed, "no such port"},
             Row{"port 65536", test::of_server(), to_port(65'536), failed, "no such port"},
             Row{"port 65536+80", test::of_server(), to_port(65'616), failed, "no such port"},
             Row{"port 2^32-1", test::of_server(), to_port(0xffff'ffff), failed, "no such port"},
         }) {
        CAPTURE(row.name);
        LoneConnection lone{row.config};
        const auto event = lone.hears(row.open);
        const bool by_type = row.reason == prohibited || row.reason == unknown;
        CHECK((event && std::holds_alternative<RequestDenied>(*event)) == by_type);
        const Payloads sent = lone.sent.take();
        const auto failure = only_failure(sent);
        CHECK(failure.recipient == ChannelId{70});
        CHECK(failure.reason == row.reason);
        CHECK(failure.description == row.description);
        CHECK(lone.connection.channels() == 0);
    }
}

TEST_CASE("ports up to 65535 are taken, an originator's is cut to one") {
    LoneConnection server{test::of_server()};
    ByteVector open = encoded(msg::ChannelOpen{"direct-tcpip", ChannelId{0}, 1, 1});
    encode_fields(msg::TcpipChannel{"h", 65'535, "", 0xffff'ffff}, open);
    const auto event = server.hears(open);
    REQUIRE(event);
    CHECK(std::get<ChannelRequested>(*event).type ==
          ChannelType{DirectTcpip{{"h", 65'535}, {"", 65'535}}});
}

TEST_CASE("a garbled CHANNEL_OPEN is refused") {
    const ByteVector whole = tcpip_open("direct-tcpip", ChannelId{70}, "h", 110);
    for (std::size_t length = 0; length < whole.size(); ++length) {
        CAPTURE(length);
        LoneConnection server{test::of_server()};
        CHECK_THROWS_AS(server.hears(Bytes{whole}.first(length)), ProtocolError);
    }
    LoneConnection server{test::of_server()};
    ByteVector longer = whole;
    longer.push_back(std::byte{0});
    CHECK_THROWS_AS(server.hears(longer), ProtocolError);
    CHECK_THROWS_AS(server.hears(tcpip_open("direct-tcpip", ChannelId{70}, "h", 110, 1, 0)),
                    ProtocolError);  // a maximum packet of 0
}

TEST_CASE("channels are limited, in both roles, and free again when they end") {
    ConnectionConfig config = test::of_server();
    config.channel_limit = 3;
    LoneConnection server{config};
    const ChannelId first = server.accept(ChannelId{1});
    server.accept(ChannelId{2});
    server.hears(tcpip_open("direct-tcpip", ChannelId{3}, "h", 1));  // unanswered
    CHECK_FALSE(server.hears(tcpip_open("direct-tcpip", ChannelId{4}, "h", 1)));
    const Payloads sent = server.sent.take();
    CHECK(only_failure(sent).reason == value(OpenFailureReason::resource_shortage));
    test::RecordingUser user{[](const test::Told&) { FAIL_CHECK("nothing is told"); }};
    CHECK_FALSE(server.connection.open(test::target, user, {}));
    CHECK(server.sent.take().empty());

    CHECK(server.hears(msg::ChannelClose{first}));
    CHECK(server.hears(tcpip_open("direct-tcpip", ChannelId{5}, "h", 1)));
    CHECK(ConnectionConfig{}.channel_limit == 16'384);
}

TEST_CASE("a client asks for a channel (RFC 4254 7.2)") {
    LoneConnection client{test::of_client()};
    test::RecordingUser& user = client.user_of(client.connection.next_channel());
    const auto id =
        client.connection.open(DirectTcpip{{"pop3.example.com", 110}, {"127.0.0.1", 5}}, user, {});
    REQUIRE(id);
    ByteVector expected =
        encoded(msg::ChannelOpen{"direct-tcpip", *id, 100'000, Channel::maximum_packet});
    encode_fields(msg::TcpipChannel{"pop3.example.com", 110, "127.0.0.1", 5}, expected);
    CHECK(client.sent.take() == Payloads{expected});

    const auto opened = client.hears(msg::ChannelOpenConfirmation{*id, ChannelId{8}, 10, 20});
    REQUIRE(opened);
    CHECK(std::get<test::ChannelOpened>(*opened).channel == *id);
    CHECK(client.connection.find(*id)->remote() == ChannelId{8});
}

TEST_CASE("a refusal brings the reason, even one that the peer made up, and frees the id") {
    LoneConnection client{test::of_client()};
    for (const std::uint32_t reason : {1u, 2u, 4u, 0u, 99u, 0xffff'ffffu}) {
        CAPTURE(reason);
        const ChannelId id = client.ask();
        const auto event = client.hears(msg::ChannelOpenFailure{id, reason, "\x1b[2J", "en"});
        REQUIRE(event);
        const auto& refused = std::get<test::ChannelRefused>(*event);
        CHECK(refused.channel == id);
        CHECK(value(refused.failure.reason) == reason);
        CHECK(refused.failure.description == "\x1b[2J");
        CHECK(client.connection.channels() == 0);
    }
}

TEST_CASE("answers to nothing that was asked end the connection") {
    LoneConnection client{test::of_client()};
    const ChannelId unknown{0};
    CHECK_THROWS_AS(client.hears(msg::ChannelOpenConfirmation{unknown, ChannelId{8}, 1, 1}),
                    ProtocolError);
    CHECK_THROWS_AS(client.hears(msg::ChannelOpenFailure{unknown, 1, "", ""}), ProtocolError);
    const ChannelId open = client.open();
    CHECK_THROWS_AS(client.hears(msg::ChannelOpenConfirmation{open, ChannelId{8}, 1, 1}),
                    ProtocolError);
    CHECK_THROWS_AS(client.hears(msg::ChannelOpenFailure{open, 1, "", ""}), ProtocolError);

    LoneConnection server{test::of_server()};
    const auto event = server.hears(tcpip_open("direct-tcpip", ChannelId{1}, "h", 1));
    const ChannelId requested = std::get<ChannelRequested>(*event).channel;
    CHECK_THROWS_AS(server.hears(msg::ChannelOpenConfirmation{requested, ChannelId{8}, 1, 1}),
                    ProtocolError);
    CHECK_THROWS_AS(server.hears(msg::ChannelOpenFailure{requested, 1, "", ""}), ProtocolError);
}

TEST_CASE("a second answer to a channel that is gone is ignored") {
    LoneConnection client{test::of_client()};
    const auto answers = [&](ChannelId id) {
        CHECK_FALSE(client.hears(msg::ChannelOpenFailure{id, 1, "", ""}));
        CHECK_FALSE(client.hears(msg::ChannelOpenConfirmation{id, ChannelId{8}, 1, 1}));
    };
    const ChannelId refused = client.ask();
    CHECK(client.hears(msg::ChannelOpenFailure{refused, 1, "", ""}));
    answers(refused);
    // It was never open.
    CHECK_THROWS_AS(client.hears(msg::ChannelData{refused, bytes_of("x")}), ProtocolError);
    CHECK_THROWS_AS(client.hears(msg::ChannelClose{refused}), ProtocolError);

    const ChannelId closed = client.open();
    CHECK(client.hears(msg::ChannelClose{closed}));
    client.sent.take();
    answers(closed);
    CHECK(client.sent.take().empty());
    CHECK(client.connection.channels() == 0);
    CHECK(client.connection.irregularities().count(Irregularity::late_reply) == 4);
}

TEST_CASE("a channel without a user is closed as soon as it is open") {
    LoneConnection client{test::of_client()};
    const ChannelId confirmed = client.ask();
    client.connection.close(confirmed);
    CHECK(client.sent.take().empty());  // the peer's number isn't known yet
    CHECK_FALSE(client.hears(msg::ChannelOpenConfirmation{confirmed, ChannelId{8}, 1, 1}));
    CHECK(client.sent.take() == Payloads{encoded(msg::ChannelClose{ChannelId{8}})});
    CHECK_FALSE(client.hears(msg::ChannelData{confirmed, bytes_of("late")}));
    CHECK(client.connection.channels() == 1);
    CHECK_FALSE(client.hears(msg::ChannelClose{confirmed}));
    CHECK(client.connection.channels() == 0);

    const ChannelId refused = client.ask();
    client.connection.set_peer_knows_reset(true);
    client.connection.reset(refused);
    CHECK_FALSE(client.hears(msg::ChannelOpenFailure{refused, 2, "no", ""}));
    CHECK(client.sent.take().empty());
    CHECK(client.connection.channels() == 0);
}

TEST_CASE("a channel that the peer never answers is refused after its time") {
    LoneConnection client{test::of_client()};
    CHECK_FALSE(client.connection.next_deadline());
    const ChannelId first = client.ask();
    client.now += seconds{2};
    const ChannelId second = client.ask();
    client.now += seconds{1};
    const ChannelId answered = client.open();

    CHECK(client.connection.next_deadline() == TimePoint{seconds{15}});
    CHECK(client.passes(TimePoint{milliseconds{14'999}}).empty());
    const auto told = client.passes(TimePoint{seconds{60}});
    REQUIRE(told.size() == 2);
    const auto& refused = std::get<test::ChannelRefused>(told[0]);
    CHECK(refused.channel == first);
    CHECK(refused.failure.reason == OpenFailureReason::connect_failed);
    CHECK(refused.failure.description == "the server gave no answer within 15 s");
    CHECK(std::get<test::ChannelRefused>(told[1]).channel == second);
    CHECK(client.passes(TimePoint{seconds{60}}).empty());
    CHECK_FALSE(client.connection.next_deadline());
    CHECK(client.connection.find(answered)->state() == Channel::State::open);

    // Its number isn't free before the peer has answered after all.
    CHECK(client.ask() != first);
    CHECK_FALSE(client.hears(msg::ChannelOpenConfirmation{first, ChannelId{8}, 1, 1}));
    CHECK(client.sent.take() == Payloads{encoded(msg::ChannelClose{ChannelId{8}})});
    CHECK(client.connection.find(first) != nullptr);
    CHECK_FALSE(client.hears(msg::ChannelClose{first}));
    CHECK(client.connection.find(first) == nullptr);
}

TEST_CASE("a number that is used again has its own deadline") {
    LoneConnection client{test::of_client()};
    const ChannelId id = client.ask();
    client.hears(msg::ChannelOpenFailure{id, 2, "", ""});
    client.now += seconds{10};
    for (ChannelId next = client.ask(); next != id; next = client.ask()) {
        client.hears(msg::ChannelOpenFailure{next, 2, "", ""});
    }
    CHECK(client.connection.next_deadline() == TimePoint{seconds{25}});
    CHECK(client.passes(TimePoint{seconds{24}}).empty());
    CHECK(client.passes(TimePoint{seconds{25}}).size() == 1);
}

TEST_CASE(
    "its owner decides about a remote forward; what only asks for a sign of life is answered at "
    "once") {
    LoneConnection server{test::of_server()};
    const std::vector<ForwardRequest> wanted{TcpipForward{{"localhost", 8080}},
                                             StreamlocalForward{"/run/x.sock"}};
    for (const ForwardRequest& what : wanted) {
        ByteVector payload = encoded(msg::GlobalRequest{name_of(what), true});
        encode_fields(what, payload);
        const auto event = server.hears(payload);
        REQUIRE(event);
        const auto& requested = std::get<ForwardRequested>(*event);
        CHECK(requested.what == what);
        CHECK(server.sent.take().empty());
        server.connection.global_requests().deny(requested.request);
        CHECK(server.sent.take() == Payloads{encoded(msg::RequestFailure{})});
    }
    CHECK_FALSE(server.hears(msg::GlobalRequest{"keepalive@openssh.com", true}));
    CHECK(server.sent.take() == Payloads{encoded(msg::RequestFailure{})});
}
