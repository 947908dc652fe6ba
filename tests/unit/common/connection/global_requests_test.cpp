#include "common/connection/global_requests.hpp"

#include <doctest/doctest.h>

#include "common/wire/connection_messages.hpp"
#include "tests/unit/common/connection/recording_sink.hpp"
#include "tests/unit/common/wire/refusal.hpp"

using namespace culvert;
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

TEST_CASE("a reply needs a request, and each request has one reply") {
    test::RecordingSink sent;
    GlobalRequests requests{sent};
    CHECK_THROWS_AS(requests.on_reply(), ProtocolError);
    requests.send_keepalive();
    requests.send_keepalive();
    CHECK(sent.take() == Payloads(2, request("keepalive@openssh.com", true)));
    CHECK(requests.awaited_replies() == 2);
    requests.on_reply();
    requests.on_reply();
    CHECK(requests.awaited_replies() == 0);
    CHECK(test::refusal([&] { requests.on_reply(); }).reason() == DisconnectReason::protocol_error);
}
