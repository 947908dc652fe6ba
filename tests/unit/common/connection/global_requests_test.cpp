#include "common/connection/global_requests.hpp"

#include <doctest/doctest.h>

#include "common/wire/connection_messages.hpp"
#include "tests/unit/common/connection/recording_sink.hpp"
#include "tests/unit/common/wire/refusal.hpp"

using namespace culvert;
using namespace std::chrono_literals;
using Payloads = std::vector<ByteVector>;

namespace {

ByteVector request(std::string_view type, bool want_reply, std::string_view rest = {}) {
    ByteVector payload = encoded(msg::GlobalRequest{type, want_reply});
    append(payload, bytes_of(rest));
    return payload;
}

}  // namespace

TEST_CASE("each request that wants a reply gets one, in its place (RFC 4254 4)") {
    test::RecordingSink sent;
    GlobalRequests requests{sent};
    const ByteVector failure = encoded(msg::RequestFailure{});
    requests.on_request(request("keepalive@openssh.com", true));
    requests.on_request(request("hostkeys-00@openssh.com", false, "keys"));
    requests.on_request(request("no-more-sessions@openssh.com", false));
    requests.on_request(request("tcpip-forward", true, "fields of its own"));
    requests.on_request(request("", true));
    CHECK(sent.take() == Payloads{failure, failure, failure});
}

TEST_CASE("a garbled request is refused") {
    test::RecordingSink sent;
    GlobalRequests requests{sent};
    const ByteVector whole = request("x", true);
    for (std::size_t length = 0; length < whole.size(); ++length) {
        CAPTURE(length);
        CHECK_THROWS_AS(requests.on_request(Bytes{whole}.first(length)), ProtocolError);
    }
    CHECK(sent.take().empty());
}

TEST_CASE("each request has one reply, and a reply without a request is told from others") {
    const TimePoint now{};
    test::RecordingSink sent;
    GlobalRequests requests{sent};
    CHECK_FALSE(requests.on_reply(now));
    CHECK(requests.awaited_replies() == 0);
    requests.send_keepalive(now);
    requests.send_keepalive(now);
    CHECK(sent.take() == Payloads(2, request("keepalive@openssh.com", true)));
    CHECK(requests.awaited_replies() == 2);
    CHECK(requests.on_reply(now));
    CHECK(requests.on_reply(now));
    CHECK(requests.awaited_replies() == 0);
    CHECK_FALSE(requests.on_reply(now));
    requests.take_round_trip();
    CHECK_FALSE(requests.on_reply(now + 1s));
    CHECK_FALSE(requests.take_round_trip());
}

TEST_CASE("a question that was asked while no other was awaited measures the round trip, once") {
    test::RecordingSink sent;
    GlobalRequests requests{sent};
    const TimePoint start{1h};
    requests.send_keepalive(start);
    requests.send_keepalive(start + 5ms);
    CHECK(!requests.take_round_trip());
    requests.on_reply(start + 8ms);
    CHECK(requests.take_round_trip() == 8ms);
    CHECK(!requests.take_round_trip());
    requests.on_reply(start + 9ms);
    CHECK(!requests.take_round_trip());
    requests.send_keepalive(start + 1s);
    requests.on_reply(start + 1s + 2ms);
    CHECK(requests.take_round_trip() == 2ms);
}
