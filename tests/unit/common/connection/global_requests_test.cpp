#include "common/connection/global_requests.hpp"

#include <array>

#include <doctest/doctest.h>

#include "common/wire/connection_messages.hpp"
#include "tests/unit/common/connection/recording_sink.hpp"
#include "tests/unit/common/wire/refusal.hpp"

using namespace culvert;
using namespace std::chrono_literals;
using Payloads = std::vector<ByteVector>;

namespace {

const ByteVector denied = encoded(msg::RequestFailure{});
const ByteVector granted = encoded(msg::RequestSuccess{});

ByteVector request(std::string_view type, bool want_reply, std::string_view rest = {}) {
    ByteVector payload = encoded(msg::GlobalRequest{type, want_reply});
    append(payload, bytes_of(rest));
    return payload;
}

ByteVector forward(const ForwardRequest& what, bool want_reply = true) {
    ByteVector payload = request(name_of(what), want_reply);
    encode_fields(what, payload);
    return payload;
}

}  // namespace

TEST_CASE("what isn't about a forward gets a denial where it wants a reply (RFC 4254 4)") {
    test::RecordingSink sent;
    GlobalRequests requests{sent};
    CHECK_FALSE(requests.on_request(request("keepalive@openssh.com", true)));
    CHECK_FALSE(requests.on_request(request("hostkeys-00@openssh.com", false, "keys")));
    CHECK_FALSE(requests.on_request(request("no-more-sessions@openssh.com", false)));
    CHECK_FALSE(requests.on_request(request("", true, "fields of its own")));
    CHECK(sent.take() == Payloads{denied, denied});
}

TEST_CASE("answers leave in the order of the requests, whenever they are known") {
    test::RecordingSink sent;
    GlobalRequests requests{sent};
    const auto first = requests.on_request(forward(TcpipForward{{"", 0}}));
    const auto second = requests.on_request(forward(StreamlocalForward{"/run/x"}));
    CHECK_FALSE(requests.on_request(request("keepalive@openssh.com", true)));
    const auto quiet = requests.on_request(forward(CancelTcpipForward{{"", 8080}}, false));
    const auto last = requests.on_request(forward(TcpipForward{{"", 8081}}));
    REQUIRE((first && second && quiet && last));
    CHECK(first->what == ForwardRequest{TcpipForward{{"", 0}}});
    CHECK(second->what == ForwardRequest{StreamlocalForward{"/run/x"}});

    requests.grant(last->request, 8081);
    requests.deny(second->request);
    CHECK(sent.take().empty());
    requests.grant(first->request, 40'000);
    ByteVector with_port = granted;
    append(with_port,
           Bytes{std::array{std::byte{0}, std::byte{0}, std::byte{0x9c}, std::byte{0x40}}});
    CHECK(sent.take() == Payloads{with_port, denied, denied});
    requests.grant(quiet->request);
    CHECK(sent.take() == Payloads{granted});  // the last one's, which named its port itself

    CHECK_FALSE(requests.on_request(request("keepalive@openssh.com", true)));
    CHECK(sent.take() == Payloads{denied});
}

TEST_CASE("requests that wait for an answer are limited") {
    test::RecordingSink sent;
    GlobalRequests requests{sent};
    const ByteVector listen = forward(TcpipForward{{"", 1}});
    for (std::size_t i = 0; i < GlobalRequests::most_unanswered; ++i) requests.on_request(listen);
    CHECK_THROWS_AS(requests.on_request(listen), ProtocolError);
    CHECK_THROWS_AS(requests.on_request(request("keepalive@openssh.com", true)), ProtocolError);
}

TEST_CASE("a garbled request is refused") {
    test::RecordingSink sent;
    GlobalRequests requests{sent};
    for (const ByteVector& whole : {request("x", true), forward(TcpipForward{{"host", 80}}),
                                    forward(CancelStreamlocalForward{"/run/x"})}) {
        for (std::size_t length = 0; length < whole.size(); ++length) {
            CAPTURE(length);
            CHECK_THROWS_AS(requests.on_request(Bytes{whole}.first(length)), ProtocolError);
        }
    }
    ByteVector longer = forward(TcpipForward{{"host", 80}});
    longer.push_back(std::byte{0});
    CHECK_THROWS_AS(requests.on_request(longer), ProtocolError);
    CHECK(sent.take().empty());
}

TEST_CASE("each request has one reply, and none is awaited without a request") {
    const TimePoint now{};
    test::RecordingSink sent;
    GlobalRequests requests{sent};
    CHECK_FALSE(requests.awaits_reply());
    requests.send_keepalive(now);
    requests.send_keepalive(now);
    CHECK(sent.take() == Payloads(2, request("keepalive@openssh.com", true)));
    CHECK(requests.awaited_replies() == 2);
    CHECK_FALSE(requests.on_reply(denied, now));
    CHECK(requests.awaits_reply());
    CHECK_FALSE(requests.on_reply(granted, now));
    CHECK_FALSE(requests.awaits_reply());
}

TEST_CASE("replies belong to requests by their order, and name a port where that was left open") {
    const TimePoint now{};
    test::RecordingSink sent;
    GlobalRequests requests{sent};
    const RequestId with_port = requests.ask(TcpipForward{{"", 8080}}, now);
    requests.send_keepalive(now);
    const RequestId any_port = requests.ask(TcpipForward{{"", 0}}, now);
    const RequestId other = requests.ask(StreamlocalForward{"/run/x"}, now);
    CHECK(sent.take() ==
          Payloads{forward(TcpipForward{{"", 8080}}), request("keepalive@openssh.com", true),
                   forward(TcpipForward{{"", 0}}), forward(StreamlocalForward{"/run/x"})});

    const auto first = requests.on_reply(granted, now);
    REQUIRE(first);
    CHECK((first->request == with_port && first->granted && first->port == 0));
    CHECK_FALSE(requests.on_reply(denied, now));
    ByteVector named = granted;
    encode_fields(msg::BoundPort{40'000}, named);
    const auto chosen = requests.on_reply(named, now);
    REQUIRE(chosen);
    CHECK((chosen->request == any_port && chosen->granted && chosen->port == 40'000));
    const auto refused = requests.on_reply(denied, now);
    REQUIRE(refused);
    CHECK((refused->request == other && !refused->granted));
}

TEST_CASE("a grant without the port that was asked for ends the connection") {
    for (const std::uint32_t port : {0u, 65'536u}) {
        test::RecordingSink sent;
        GlobalRequests requests{sent};
        requests.ask(TcpipForward{{"", 0}}, {});
        ByteVector named = granted;
        encode_fields(msg::BoundPort{port}, named);
        CHECK_THROWS_AS(requests.on_reply(named, {}), ProtocolError);
    }
    test::RecordingSink sent;
    GlobalRequests requests{sent};
    requests.ask(TcpipForward{{"", 0}}, {});
    CHECK_THROWS_AS(requests.on_reply(granted, {}), ProtocolError);
}

TEST_CASE("a question that was asked while no other was awaited measures the round trip, once") {
    test::RecordingSink sent;
    GlobalRequests requests{sent};
    const TimePoint start{1h};
    requests.send_keepalive(start);
    requests.send_keepalive(start + 5ms);
    CHECK(!requests.take_round_trip());
    requests.on_reply(denied, start + 8ms);
    CHECK(requests.take_round_trip() == 8ms);
    CHECK(!requests.take_round_trip());
    requests.on_reply(denied, start + 9ms);
    CHECK(!requests.take_round_trip());
    requests.send_keepalive(start + 1s);
    requests.on_reply(denied, start + 1s + 2ms);
    CHECK(requests.take_round_trip() == 2ms);
}
