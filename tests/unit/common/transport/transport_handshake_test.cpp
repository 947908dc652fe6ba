#include <doctest/doctest.h>

#include <algorithm>

#include "tests/unit/common/transport/raw_peer.hpp"
#include "tests/unit/common/transport/transport_pair.hpp"
#include "tests/unit/common/wire/refusal.hpp"

using namespace culvert;
using test::RawPeer;
using test::refusal;
using test::TransportPair;

namespace {

using Payloads = std::vector<ByteVector>;

TransportConfig client_with(Algorithms algorithms) {
    return test::transport_config(Role::client, std::move(algorithms));
}

TransportConfig server_with(Algorithms algorithms) {
    return test::transport_config(Role::server, std::move(algorithms));
}

/// A transport that a RawPeer talks to.
struct Alone {
    test::SeededRandom random{1};
    TimePoint now{};
    Transport transport;

    explicit Alone(TransportConfig config) : transport{std::move(config), random} {
        transport.start(now);
    }
};

/// A message of the layers above.
ByteVector upper(std::string_view text) {
    ByteVector payload{std::byte{90}};
    append(payload, bytes_of(text));
    return payload;
}

}  // namespace

TEST_CASE("two transports shake hands, however the bytes arrive") {
    for (const std::string_view cipher : test::ciphers()) {
        for (const std::size_t chunk : {1u, 7u, 64u, 100'000u}) {
            CAPTURE(cipher);
            CAPTURE(chunk);
            TransportPair pair{client_with(test::offering(cipher)),
                               server_with(test::offering(cipher))};
            const Transport& client = pair.client.transport;
            const Transport& server = pair.server.transport;
            CHECK_FALSE(client.keys_sent());
            pair.run(chunk);
            CHECK(client.keys_sent());
            CHECK(server.keys_sent());
            CHECK(client.session_id() == server.session_id());
            CHECK(client.strict_kex());
            CHECK(server.strict_kex());
            CHECK(client.peer_version() == std::string{our_version});
            CHECK(server.peer_version() == std::string{our_version});
            REQUIRE(pair.client.host_keys.size() == 1);
            CHECK(pair.client.host_keys.front() == test::host_key()->public_key());
            CHECK(pair.server.host_keys.empty());
            CHECK(pair.server.signatures == 1);
            CHECK(pair.client.signatures == 0);
            CHECK(client.negotiated().cipher_server_to_client == cipher);
            CHECK(client.peer_extensions().server_sig_algs == NameList{"ssh-ed25519"});
            CHECK(client.peer_extensions().ping);
            CHECK(server.peer_extensions().reset);
            CHECK(server.peer_extensions().server_sig_algs.empty());

            pair.client.transport.send(upper("to the server"));
            pair.server.transport.send(upper("to the client"));
            pair.run(chunk);
            CHECK(pair.server.payloads == Payloads{upper("to the server")});
            CHECK(pair.client.payloads == Payloads{upper("to the client")});
        }
    }
}

TEST_CASE("names that can't match, and a comma at the end, don't keep the sides from agreeing") {
    for (const Role odd : {Role::client, Role::server}) {
        for (const NameList& around : {
                 NameList{"", ""},  // nothing in front, and a comma at the end
                 NameList{"two words", "caf\xc3\xa9"},
                 NameList{std::string(65, 'x'), std::string(5'000, 'y')},
                 NameList{"line\n", "\x7f\x01"},
             }) {
            CAPTURE((odd == Role::client));
            CAPTURE(around.back());
            Algorithms regular = test::offering(chacha20_poly1305);
            Algorithms irregular = regular;
            for (NameList* list : {&irregular.kex, &irregular.host_key, &irregular.ciphers,
                                   &irregular.compression}) {
                const bool only_comma = around.front().empty();
                if (only_comma && list == &irregular.kex) continue;  // markers follow there
                if (!only_comma) list->insert(list->begin(), around.front());
                list->push_back(around.back());
            }
            TransportPair pair{client_with(odd == Role::client ? irregular : regular),
                               server_with(odd == Role::server ? irregular : regular)};
            pair.run();
            CHECK(pair.client.transport.keys_sent());
            CHECK(pair.server.transport.keys_sent());
            CHECK(pair.client.transport.strict_kex());
            auto& reader = (odd == Role::client ? pair.server : pair.client).transport;
            auto& writer = (odd == Role::client ? pair.client : pair.server).transport;
            CHECK(reader.irregularities().count(Irregularity::irregular_name_list) == 1);
            CHECK(writer.irregularities().count(Irregularity::irregular_name_list) == 0);
            // Not anew with each exchange.
            pair.establish();
            pair.client.transport.start_rekey(pair.now);
            pair.run();
            CHECK(reader.irregularities().take_new() == Irregularity::irregular_name_list);
            CHECK_FALSE(reader.irregularities().take_new());
        }
    }
}

TEST_CASE("a client says all it can before it has heard anything") {
    Alone client{client_with(test::offering(chacha20_poly1305))};
    RawPeer server{Role::server, test::kex_with_markers(Role::server)};
    server.receive(client.transport);
    REQUIRE(server.received().size() == 2);
    CHECK(server.count(msg::KexInit::number) == 1);
    CHECK(server.count(msg::KexEcdhInit::number) == 1);

    // The answer to the reply needs no further word of the server: NEWKEYS and EXT_INFO are out.
    server.send_version();
    server.send_kexinit();
    server.send_server_reply();
    server.deliver(client.transport);
    const auto event = client.transport.poll(client.now);
    REQUIRE(event);
    CHECK(std::holds_alternative<HostKeyOffered>(*event));
    client.transport.accept_host_key();
    server.receive(client.transport);
    CHECK(server.count(msg::NewKeys::number) == 1);
}

TEST_CASE("a server answers ECDH_INIT with reply, NEWKEYS and EXT_INFO in one go") {
    Alone server{server_with(test::offering(chacha20_poly1305))};
    RawPeer client{Role::client, test::kex_with_markers(Role::client)};
    client.send_version();
    client.send_kexinit();
    client.send_client_init();
    client.receive(server.transport);
    client.deliver(server.transport);
    const auto event = server.transport.poll(server.now);
    REQUIRE(event);
    REQUIRE(test::sign_as_host(server.transport, *event, *test::host_key(), server.now));
    CHECK_FALSE(server.transport.poll(server.now));
    client.receive(server.transport);
    REQUIRE(client.received().size() == 4);
    CHECK(message_number(client.received()[0]) == msg::KexInit::number);
    CHECK(message_number(client.received()[1]) == msg::KexEcdhReply::number);
    CHECK(message_number(client.received()[2]) == msg::NewKeys::number);
    CHECK(message_number(client.received()[3]) == msg::ExtInfo::number);
}

TEST_CASE("a client whose guess was wrong says it again, and the handshake goes on") {
    Algorithms other_order = test::offering(chacha20_poly1305);
    std::ranges::reverse(other_order.kex);
    TransportPair pair{client_with(test::offering(chacha20_poly1305)), server_with(other_order)};
    pair.run();
    CHECK(pair.client.transport.keys_sent());
    CHECK(pair.client.transport.session_id() == pair.server.transport.session_id());

    NameList kex = test::kex_with_markers(Role::server);
    kex.insert(kex.begin(), "sntrup761x25519-sha512");
    Alone client{client_with(test::offering(chacha20_poly1305))};
    RawPeer server{Role::server, kex};
    server.send_version();
    server.send_kexinit();
    server.deliver(client.transport);
    CHECK_FALSE(client.transport.poll(client.now));
    server.receive(client.transport);
    CHECK(server.count(msg::KexEcdhInit::number) == 2);
    CHECK(client.transport.awaits_answer_after_wrong_guess());
    server.send_server_reply();
    server.deliver(client.transport);
    CHECK(client.transport.poll(client.now));
    CHECK_FALSE(client.transport.awaits_answer_after_wrong_guess());
}

TEST_CASE("where the negotiation fails, a wrong guess isn't why") {
    Algorithms without_host_key = test::offering(chacha20_poly1305);
    std::ranges::reverse(without_host_key.kex);
    without_host_key.host_key = {"ssh-rsa"};
    TransportPair pair{client_with(test::offering(chacha20_poly1305)),
                       server_with(without_host_key)};
    CHECK_THROWS_AS(pair.run(), ProtocolError);
    CHECK_FALSE(pair.client.transport.awaits_answer_after_wrong_guess());
}

TEST_CASE("a client that doesn't guess, or guesses right, awaits no answer after a wrong guess") {
    for (const bool guess : {true, false}) {
        CAPTURE(guess);
        Algorithms ours = test::offering(chacha20_poly1305);
        ours.guess = guess;
        Alone client{client_with(ours)};
        RawPeer server{Role::server, test::kex_with_markers(Role::server)};
        server.send_version();
        server.send_kexinit();
        server.deliver(client.transport);
        CHECK_FALSE(client.transport.poll(client.now));
        server.receive(client.transport);
        CHECK(server.count(msg::KexEcdhInit::number) == 1);
        CHECK_FALSE(client.transport.awaits_answer_after_wrong_guess());
    }
}

TEST_CASE("a server skips a wrong guess exactly once (RFC 4253 7.1)") {
    // A method that we don't know comes first, and its message is no ECDH_INIT of ours.
    const NameList kex{"tomorrow@example.com", "curve25519-sha256", "ext-info-c",
                       "kex-strict-c-v00@openssh.com"};
    for (const int guesses : {1, 2}) {
        CAPTURE(guesses);
        Alone server{server_with(test::offering(chacha20_poly1305))};
        RawPeer client{Role::client, kex, chacha20_poly1305, Exchange::first};
        client.send_version();
        client.send_kexinit();
        const ByteVector guess(1200, std::byte{30});
        for (int i = 0; i < guesses; ++i) client.send(guess);
        client.receive(server.transport);
        client.send_client_init();
        client.deliver(server.transport);
        if (guesses == 1) {
            RawPeer::poll(server.transport, server.now);
            CHECK(server.transport.keys_sent());
        } else {
            CHECK_THROWS_AS(server.transport.poll(server.now), ProtocolError);
        }
    }
}

TEST_CASE("nothing is read, and nothing sent, until the owner has decided about the host key") {
    Alone client{client_with(test::offering(chacha20_poly1305))};
    RawPeer server{Role::server, test::kex_with_markers(Role::server)};
    server.receive(client.transport);
    server.send_version();
    server.send_kexinit();
    server.send_server_reply();
    server.send_new_keys();
    server.send(test::ping_ext_info());
    server.send(upper("early"));
    server.deliver(client.transport);
    REQUIRE(std::holds_alternative<HostKeyOffered>(client.transport.poll(client.now).value()));
    CHECK_FALSE(client.transport.poll(client.now));
    CHECK_FALSE(client.transport.keys_sent());
    CHECK(client.transport.output().empty());

    client.transport.accept_host_key();
    CHECK(client.transport.keys_sent());
    const auto event = client.transport.poll(client.now);
    REQUIRE(event);
    CHECK(std::ranges::equal(std::get<PacketReceived>(*event).payload, upper("early")));
}

TEST_CASE("no common cipher is told with both lists") {
    TransportPair pair{client_with(test::offering("a-cipher")),
                       server_with(test::offering(chacha20_poly1305))};
    const ProtocolError error = refusal([&] { pair.run(); });
    CHECK(error.what() == std::string{"no common cipher: we offer chacha20-poly1305@openssh.com, "
                                      "the peer offers a-cipher"});
    CHECK(error.reason() == DisconnectReason::key_exchange_failed);
}

TEST_CASE("a peer that isn't SSH is told apart from one that said nothing yet") {
    Alone server{server_with(test::offering(chacha20_poly1305))};
    server.transport.input().append(bytes_of("GET / HTTP/1.1\r\n"));
    CHECK(refusal([&] { server.transport.poll(server.now); }).reason() ==
          DisconnectReason::protocol_version_not_supported);
    CHECK_FALSE(server.transport.peer_version());

    Alone client{client_with(test::offering(chacha20_poly1305))};
    client.transport.input().append(bytes_of("Exceeded MaxStart"));
    CHECK_FALSE(client.transport.poll(client.now));
    CHECK(client.transport.said_before_version() == "Exceeded MaxStart");
}

TEST_CASE("DISCONNECT is reported in every state, and nothing is read after it (RFC 4253 11.1)") {
    for (const bool open : {false, true}) {
        CAPTURE(open);
        Alone server{server_with(test::offering(chacha20_poly1305))};
        RawPeer client{Role::client, test::kex_with_markers(Role::client)};
        client.send_version();
        if (open) client.shake_hands(server.transport, server.now);
        client.send(msg::Disconnect{11, "that's \x1b it", ""});
        client.send(upper("more"));
        client.deliver(server.transport);
        const auto event = server.transport.poll(server.now);
        REQUIRE(event);
        const auto& disconnected = std::get<PeerDisconnected>(*event);
        CHECK(disconnected.reason == 11);
        CHECK(disconnected.description == "that's \x1b it");
        CHECK_FALSE(server.transport.poll(server.now));
    }
}

TEST_CASE("our DISCONNECT says why") {
    TransportPair pair;
    pair.run();
    pair.client.transport.disconnect(DisconnectReason::by_application, "done");
    pair.run();
    REQUIRE(pair.server.disconnects.size() == 1);
    CHECK(pair.server.disconnects.front().reason == 11);
    CHECK(pair.server.disconnects.front().description == "done");
}

TEST_CASE("every truncation of a handshake is waited for, and no flipped bit gets past it") {
    const auto server_says = [](Transport& client) {
        RawPeer server{Role::server, test::kex_with_markers(Role::server)};
        server.receive(client);
        server.send_version();
        server.send_kexinit();
        server.send_server_reply();
        server.send_new_keys();
        server.send(test::ping_ext_info());
        return server.take_output();
    };
    const auto feed = [&](Bytes bytes) {
        Alone client{client_with(test::offering(chacha20_poly1305))};
        client.transport.input().append(bytes);
        while (const auto event = client.transport.poll(client.now)) {
            if (std::holds_alternative<HostKeyOffered>(*event)) {
                client.transport.accept_host_key();
            }
        }
        return client.transport.peer_extensions().ping;  // came to the end of it
    };
    Alone model{client_with(test::offering(chacha20_poly1305))};
    const ByteVector whole = server_says(model.transport);
    REQUIRE(feed(whole));
    for (std::size_t length = 0; length < whole.size(); ++length) {
        CAPTURE(length);
        CHECK_FALSE(feed(Bytes{whole}.first(length)));
    }
    std::size_t unnoticed = 0;
    for (std::size_t bit = 0; bit < whole.size() * 8; ++bit) {
        CAPTURE(bit);
        ByteVector altered = whole;
        altered[bit / 8] ^= std::byte{static_cast<unsigned char>(1u << bit % 8)};
        try {
            if (feed(altered)) ++unnoticed;
        } catch (const Error&) {
        }
    }
    // Only padding of what goes in the clear may change: that of KEXINIT, reply and NEWKEYS.
    CHECK(unnoticed <= 3 * 11 * 8);
}
