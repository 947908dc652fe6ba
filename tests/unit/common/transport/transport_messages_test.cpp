#include <algorithm>

#include <doctest/doctest.h>

#include "tests/unit/common/transport/raw_peer.hpp"
#include "tests/unit/common/wire/refusal.hpp"

using namespace culvert;
using test::RawPeer;
using test::refusal;

namespace {

constexpr Role other(Role role) { return role == Role::client ? Role::server : Role::client; }

/// A transport after its first key exchange, and its peer.
struct Open {
    test::SeededRandom random{1};
    TimePoint now{};
    Transport transport;
    RawPeer peer;

    explicit Open(Role us)
        : transport{test::transport_config(us), random},
          peer{other(us), test::kex_with_markers(other(us))} {
        transport.start(now);
        peer.send_version();
        peer.shake_hands(transport, now);
        peer.send(msg::Ignore{});  // what follows isn't directly behind NEWKEYS any more
        peer.exchange_packets(transport, now);
    }

    std::optional<TransportEvent> hears(Bytes payload) {
        peer.send(payload);
        peer.deliver(transport);
        auto event = transport.poll(now);
        while (event && std::holds_alternative<YieldDue>(*event)) event = transport.poll(now);
        peer.receive(transport);
        return event;
    }
};

enum class Answer { event, refused, unimplemented, nothing };

/// What a transport makes of a message after the first key exchange, before authentication. What is
/// assigned is malformed here.
Answer expected(unsigned number) {
    if (number == 5 || number == 6 || (number >= 50 && number <= 191)) return Answer::event;
    // DISCONNECT, IGNORE, UNIMPLEMENTED, DEBUG, EXT_INFO, PING and PONG without their fields;
    // KEXINIT, NEWKEYS, ECDH_INIT and ECDH_REPLY out of place.
    for (const unsigned assigned : {1u, 2u, 3u, 4u, 7u, 192u, 193u, 20u, 21u, 30u, 31u}) {
        if (number == assigned) return Answer::refused;
    }
    return Answer::unimplemented;
}

}  // namespace

TEST_CASE("each message number after the first key exchange") {
    for (const Role us : {Role::client, Role::server}) {
        for (unsigned number = 0; number < 256; ++number) {
            CAPTURE((us == Role::server));
            CAPTURE(number);
            Open open{us};
            const ByteVector payload{static_cast<std::byte>(number)};
            Answer answer = Answer::nothing;
            try {
                if (const auto event = open.hears(payload)) {
                    answer = Answer::event;
                    const auto& packet = std::get<PacketReceived>(*event);
                    CHECK(std::ranges::equal(packet.payload, payload));
                    CHECK(packet.sequence_number == SequenceNumber{1});
                } else if (open.peer.count(msg::Unimplemented::number) == 1) {
                    answer = Answer::unimplemented;
                    CHECK(decode<msg::Unimplemented>(open.peer.received().back()).sequence_number ==
                          1);
                }
            } catch (const ProtocolError&) {
                answer = Answer::refused;
            }
            CHECK(answer == expected(number));
        }
    }
}

TEST_CASE("a peer that leaves out DISCONNECT's language is heard all the same") {
    for (const Role us : {Role::client, Role::server}) {
        Open open{us};
        ByteVector payload = encoded(msg::Disconnect{2, "too many", ""});
        payload.resize(payload.size() - 4);
        const auto event = open.hears(payload);
        REQUIRE(event);
        const auto& said = std::get<PeerDisconnected>(*event);
        CHECK(said.reason == 2);
        CHECK(said.description == "too many");
    }
}

TEST_CASE("the answer to a ping is its owner's") {
    for (const Role us : {Role::client, Role::server}) {
        Open open{us};
        const ByteVector data(1000, std::byte{1});
        const auto event = open.hears(encoded(msg::Pong{data}));
        REQUIRE(event);
        CHECK(std::ranges::equal(std::get<PongReceived>(*event).data, data));
    }
}

TEST_CASE("IGNORE, DEBUG and UNIMPLEMENTED are passed over (RFC 4253 11)") {
    for (const Role us : {Role::client, Role::server}) {
        Open open{us};
        const std::size_t received = open.peer.received().size();
        const ByteVector data(1000, std::byte{1});
        CHECK_FALSE(open.hears(encoded(msg::Ignore{data})));
        CHECK_FALSE(open.hears(encoded(msg::Debug{true, "\x1b[2J", "en"})));
        CHECK_FALSE(open.hears(encoded(msg::Unimplemented{7})));
        CHECK(open.peer.received().size() == received);
    }
}

TEST_CASE("a ping is answered after authentication, and not before (CVE-2025-26466)") {
    for (const Role us : {Role::client, Role::server}) {
        CAPTURE((us == Role::server));
        Open open{us};
        const ByteVector data(20'000, std::byte{7});
        const ByteVector ping = encoded(msg::Ping{data});
        for (int i = 0; i < 1000; ++i) {
            CHECK_FALSE(open.hears(ping));
            CHECK(open.transport.held_bytes() == 0);
        }
        CHECK(open.peer.count(msg::Pong::number) == 0);

        open.transport.on_authenticated(open.now);
        CHECK_FALSE(open.hears(ping));
        REQUIRE(open.peer.count(msg::Pong::number) == 1);
        CHECK(std::ranges::equal(decode<msg::Pong>(open.peer.received().back()).data, data));

        open.transport.start_rekey(open.now);
        for (int i = 0; i < 100; ++i) CHECK_FALSE(open.hears(ping));
        CHECK(open.peer.count(msg::Pong::number) == 1);
        CHECK(open.transport.held_bytes() == 0);
    }
}

TEST_CASE("packets may be larger once the user is authenticated (docs/contract.md)") {
    const auto length_of = [](std::size_t payload) {
        return 1 + payload + padding_length(payload, 8, LengthField::apart);
    };
    const ByteVector fits_before(34'990, std::byte{90});
    const ByteVector fits_after(262'139, std::byte{90});
    REQUIRE(length_of(fits_before.size()) == PacketOpener::initial_length_limit);
    REQUIRE(length_of(fits_after.size()) == Transport::length_limit);
    for (const Role us : {Role::client, Role::server}) {
        CAPTURE((us == Role::server));
        Open before{us};
        CHECK(before.hears(fits_before));
        CHECK(refusal([&] { before.hears(ByteVector(34'998, std::byte{90})); }).reason() ==
              DisconnectReason::mac_error);

        Open after{us};
        after.transport.on_authenticated(after.now);
        CHECK(after.hears(fits_after));
        CHECK(refusal([&] { after.hears(ByteVector(262'140, std::byte{90})); }).reason() ==
              DisconnectReason::mac_error);
    }
}

TEST_CASE("what isn't known in the layers above is answered with its sequence number") {
    Open open{Role::server};
    const auto event = open.hears(ByteVector{std::byte{101}});
    open.transport.send_unimplemented(std::get<PacketReceived>(event.value()).sequence_number);
    open.peer.receive(open.transport);
    CHECK(decode<msg::Unimplemented>(open.peer.received().back()).sequence_number == 1);
}
