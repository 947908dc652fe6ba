#include <doctest/doctest.h>

#include <random>

#include "tests/unit/common/transport/raw_peer.hpp"
#include "tests/unit/common/transport/transport_pair.hpp"
#include "tests/unit/common/wire/refusal.hpp"

using namespace culvert;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;
using test::RawPeer;
using test::refusal;
using test::TransportEnd;
using test::TransportPair;

namespace {

using Payloads = std::vector<ByteVector>;

constexpr Role other(Role role) { return role == Role::client ? Role::server : Role::client; }

/// The `number`th message of the layers above.
ByteVector upper(std::uint32_t number, std::size_t size = 0) {
    ByteVector payload{std::byte{94}};
    Writer{payload}.uint32(number);
    payload.resize(payload.size() + size, std::byte{'d'});
    return payload;
}

struct EstablishedPair : TransportPair {
    explicit EstablishedPair(std::string_view cipher)
        : TransportPair{test::transport_config(Role::client, test::offering(cipher)),
                        test::transport_config(Role::server, test::offering(cipher))} {
        establish();
    }
};

std::uint64_t packets_sent(Transport& transport) {
    return transport.writer().sealer().key_use().packets;
}

/// An authenticated transport, and a peer that does with a rekey what it likes.
struct Talk {
    test::SeededRandom random{1};
    TimePoint now{};
    Transport transport;
    RawPeer peer;

    explicit Talk(Role us)
        : transport{test::transport_config(us), random},
          peer{other(us), test::kex_with_markers(other(us))} {
        transport.start(now);
        peer.send_version();
        peer.shake_hands(transport, now);
        transport.on_authenticated(now);
        peer.new_exchange();
    }

    void poll() { peer.exchange_packets(transport, now); }
    bool refuses(Bytes payload) {
        peer.send(payload);
        try {
            poll();
        } catch (const ProtocolError& error) {
            return error.reason() == DisconnectReason::protocol_error;
        }
        return false;
    }
};

}  // namespace

TEST_CASE("either side, or both at once, replace the keys, and no message is lost or moved") {
    for (const std::string_view cipher : test::ciphers()) {
        for (const unsigned starters : {1u, 2u, 3u}) {
            for (const std::size_t chunk : {1u, 50u, 100'000u}) {
                CAPTURE(cipher);
                CAPTURE(starters);
                CAPTURE(chunk);
                EstablishedPair pair{cipher};
                const SessionId session_id = pair.client.transport.session_id();
                Payloads sent;
                const auto send = [&](std::uint32_t number) {
                    sent.push_back(upper(number));
                    pair.client.transport.send(sent.back());
                    pair.server.transport.send(sent.back());
                };
                send(1);
                if ((starters & 1) != 0) pair.client.transport.start_rekey(pair.now);
                if ((starters & 2) != 0) pair.server.transport.start_rekey(pair.now);
                send(2);
                send(3);
                pair.run(chunk);
                send(4);
                pair.run(chunk);
                CHECK(pair.client.payloads == sent);
                CHECK(pair.server.payloads == sent);
                CHECK(pair.client.transport.session_id() == session_id);
                CHECK(pair.server.transport.session_id() == session_id);
                CHECK(pair.client.rekeys == 1);
                CHECK(pair.server.rekeys == 1);
                CHECK(pair.client.host_keys.size() == 1);  // the owner isn't asked again
                CHECK(pair.server.signatures == 2);
                // Who had begun held two messages back; the new keys have sealed those and the
                // last.
                CHECK(packets_sent(pair.client.transport) == ((starters & 1) != 0 ? 3 : 1));
                CHECK(packets_sent(pair.server.transport) == ((starters & 2) != 0 ? 3 : 1));
                CHECK(pair.client.transport.sends_data());
                CHECK(pair.server.transport.sends_data());
            }
        }
    }
}

TEST_CASE("while a key exchange goes on, messages are held in their order (RFC 4253 7.1)") {
    for (const Role us : {Role::client, Role::server}) {
        CAPTURE((us == Role::server));
        Talk talk{us};
        const auto sent_before = talk.peer.received().size();
        talk.transport.start_rekey(talk.now);
        CHECK_FALSE(talk.transport.sends_data());
        CHECK_FALSE(talk.transport.keys_sent());
        talk.transport.send(upper(1, 100));
        talk.transport.send(upper(2, 50));
        const PacketSealer& sealer = talk.transport.writer().sealer();
        CHECK(talk.transport.held_bytes() ==
              sealer.sealed_size(upper(1, 100).size()) + sealer.sealed_size(upper(2, 50).size()));
        talk.transport.send(encoded(msg::Ignore{}));  // may go out
        talk.poll();
        REQUIRE(talk.peer.received().size() == sent_before + 2);
        CHECK(message_number(talk.peer.received()[sent_before]) == msg::KexInit::number);
        CHECK(message_number(talk.peer.received()[sent_before + 1]) == msg::Ignore::number);

        // What the peer sent before its own KEXINIT crossed ours, and is read.
        talk.peer.send(upper(7));
        talk.peer.deliver(talk.transport);
        CHECK(talk.transport.poll(talk.now));

        talk.peer.send_kexinit();
        talk.poll();
        talk.peer.send_kex_message();
        talk.poll();
        CHECK(talk.transport.held_bytes() == 0);
        REQUIRE(talk.peer.received().size() >= 2);
        CHECK(talk.peer.received().back() == upper(2, 50));
        CHECK(*(talk.peer.received().end() - 2) == upper(1, 100));
    }
}

TEST_CASE("after its KEXINIT a peer sends nothing of authentication before NEWKEYS") {
    for (const Role us : {Role::client, Role::server}) {
        for (unsigned number = 5; number < 80; ++number) {
            const bool is_upper = number == 5 || number == 6 || number >= 50;
            if (!is_upper) continue;
            CAPTURE((us == Role::server));
            CAPTURE(number);
            const ByteVector payload{static_cast<std::byte>(number)};
            Talk after_kexinit{us};
            after_kexinit.peer.send_kexinit();
            after_kexinit.poll();
            CHECK(after_kexinit.refuses(payload));

            Talk after_kex_message{us};
            after_kex_message.peer.send_kexinit();
            after_kex_message.poll();
            after_kex_message.peer.send_kex_message();
            after_kex_message.poll();
            CHECK(after_kex_message.refuses(payload));
        }
    }
}

TEST_CASE("connection messages are taken during a rekey, under the keys that hold") {
    constexpr auto during_rekey = Irregularity::message_during_rekey;
    for (const Role us : {Role::client, Role::server}) {
        for (const bool we_began : {false, true}) {
            for (unsigned number = 80; number < 192; ++number) {
                CAPTURE((us == Role::server));
                CAPTURE(we_began);
                CAPTURE(number);
                Talk talk{us};
                ByteVector payload = upper(number, 100);
                payload[0] = static_cast<std::byte>(number);
                const auto is_taken = [&] {
                    talk.peer.send(payload);
                    talk.peer.deliver(talk.transport);
                    auto event = talk.transport.poll(talk.now);
                    while (event && test::sign_as_host(talk.transport, *event, *test::host_key(),
                                                       talk.now)) {
                        event = talk.transport.poll(talk.now);
                    }
                    const auto* packet = event ? std::get_if<PacketReceived>(&*event) : nullptr;
                    return packet != nullptr && std::ranges::equal(packet->payload, payload);
                };
                if (we_began) talk.transport.start_rekey(talk.now);
                CHECK(is_taken());
                CHECK(talk.transport.irregularities().count(during_rekey) == 0);
                talk.peer.send_kexinit();
                CHECK(is_taken());
                talk.transport.send(upper(1));
                CHECK_FALSE(talk.transport.sends_data());
                talk.poll();
                CHECK(talk.peer.count(94) == 0);  // what we send is held all the same
                talk.peer.send_kex_message();
                CHECK(is_taken());
                talk.poll();
                talk.peer.send_new_keys();
                talk.poll();
                CHECK(is_taken());  // under the new ones
                CHECK(talk.transport.irregularities().count(during_rekey) == 2);
                talk.poll();
                CHECK(talk.peer.count(94) == 1);
            }
        }
    }
}

TEST_CASE("a message under keys that no longer hold ends the connection") {
    for (const Role us : {Role::client, Role::server}) {
        CAPTURE((us == Role::server));
        Talk talk{us};
        Talk old{us};  // the same keys, as its random numbers are the same
        old.peer.send(upper(1));
        talk.peer.send_kexinit();
        talk.poll();
        talk.peer.send_kex_message();
        talk.poll();
        talk.peer.send_new_keys();
        talk.poll();
        talk.transport.input().append(old.peer.take_output());
        CHECK(refusal([&] { talk.transport.poll(talk.now); }).reason() ==
              DisconnectReason::mac_error);
    }
}

TEST_CASE("a second KEXINIT ends the connection, after connection messages too") {
    for (const Role us : {Role::client, Role::server}) {
        CAPTURE((us == Role::server));
        Talk talk{us};
        talk.peer.send_kexinit();
        talk.peer.send(upper(1));
        talk.poll();
        talk.peer.new_exchange();
        talk.peer.send_kexinit();
        CHECK(refusal([&] { talk.poll(); }).reason() == DisconnectReason::protocol_error);
    }
}

TEST_CASE("a message of a key exchange out of its turn ends the connection") {
    for (const Role us : {Role::client, Role::server}) {
        CAPTURE((us == Role::server));
        for (const std::uint8_t number :
             {msg::NewKeys::number, msg::KexEcdhInit::number, msg::KexEcdhReply::number}) {
            CAPTURE(int{number});
            Talk idle{us};
            CHECK(idle.refuses(ByteVector{std::byte{number}}));
            Talk exchanging{us};
            exchanging.peer.send_kexinit();
            exchanging.poll();
            exchanging.peer.send_kex_message();
            exchanging.poll();
            const bool due = number == msg::NewKeys::number;
            CHECK(exchanging.refuses(ByteVector{std::byte{number}}) == !due);
        }
    }
}

TEST_CASE("a KEXINIT flood ends at the second unexpected one (CVE-2016-8858)") {
    for (const Role us : {Role::client, Role::server}) {
        CAPTURE((us == Role::server));
        Talk talk{us};
        talk.peer.send_kexinit();
        talk.poll();
        talk.peer.new_exchange();
        talk.peer.send_kexinit();
        CHECK_THROWS_AS(talk.poll(), ProtocolError);

        test::SeededRandom random{1};
        Transport before_authentication{test::transport_config(us), random};
        before_authentication.start({});
        RawPeer peer{other(us), test::kex_with_markers(other(us))};
        peer.send_version();
        peer.shake_hands(before_authentication, {});
        peer.new_exchange();
        peer.send_kexinit();
        peer.deliver(before_authentication);
        CHECK(refusal([&] { before_authentication.poll({}); }).what() ==
              std::string{"message 20 again, before authentication"});
    }
}

TEST_CASE("a rekey is asked for once, and not before authentication") {
    TransportPair pair;
    pair.run();
    pair.client.transport.start_rekey(pair.now);
    pair.client.transport.rekey_if_due(pair.now + hours{2});
    CHECK(pair.client.transport.output().empty());
    pair.establish();
    pair.client.transport.start_rekey(pair.now);
    const std::size_t size = pair.client.transport.output().size();
    CHECK(size > 0);
    pair.client.transport.start_rekey(pair.now);
    pair.client.transport.rekey_if_due(pair.now + hours{2});
    CHECK(pair.client.transport.output().size() == size);
}

TEST_CASE("keys are replaced after so many bytes, packets or so much time, in either direction") {
    struct Row {
        std::string_view name;
        RekeyLimits limits;
        bool of_client;  ///< who has these limits
        Duration waits;
    };
    constexpr RekeyLimits none{std::uint64_t{1} << 60, hours{1'000}, std::uint64_t{1} << 60};
    const auto with = [&](auto change) {
        RekeyLimits limits = none;
        change(limits);
        return limits;
    };
    const RekeyLimits bytes = with([](RekeyLimits& l) { l.bytes = 10'000; });
    const RekeyLimits packets = with([](RekeyLimits& l) { l.packets = 10; });
    const RekeyLimits time = with([](RekeyLimits& l) { l.time = seconds{10}; });
    for (const Row& row : {
             Row{"sent bytes", bytes, true, {}},
             Row{"received bytes", bytes, false, {}},
             Row{"sent packets", packets, true, {}},
             Row{"received packets", packets, false, {}},
             Row{"time", time, true, seconds{1}},
         }) {
        CAPTURE(row.name);
        TransportConfig client = test::transport_config(Role::client);
        TransportConfig server = test::transport_config(Role::server);
        client.rekey = server.rekey = none;
        (row.of_client ? client : server).rekey = row.limits;
        TransportPair pair{client, server};
        pair.establish();
        Transport& sender = pair.client.transport;
        std::uint64_t most_packets = 0;
        std::uint64_t most_bytes = 0;
        for (std::uint32_t i = 0; i < 100; ++i) {
            sender.rekey_if_due(pair.now);
            pair.server.transport.rekey_if_due(pair.now);
            pair.run();
            sender.send(upper(i, 500));
            pair.run();
            pair.now += row.waits;
            most_packets = std::max(most_packets, sender.writer().sealer().key_use().packets);
            most_bytes = std::max(most_bytes, sender.writer().sealer().key_use().bytes);
        }
        CHECK(most_packets <= 20);
        CHECK(most_packets >= 9);
        CHECK(most_bytes < 11'000);
        REQUIRE(pair.server.payloads.size() == 100);
        for (std::uint32_t i = 0; i < 100; ++i) CHECK(pair.server.payloads[i] == upper(i, 500));
    }
}

TEST_CASE("time asks for a rekey by itself") {
    TransportPair pair;
    CHECK_FALSE(pair.client.transport.next_deadline());  // the login's time is the engine's
    pair.run();
    CHECK_FALSE(pair.client.transport.next_deadline());
    pair.client.transport.on_time(pair.now + hours{9});
    pair.now += seconds{5};
    pair.establish();
    const auto deadline = pair.client.transport.next_deadline();
    REQUIRE(deadline == pair.now + hours{1});
    pair.client.transport.on_time(*deadline - milliseconds{1});
    CHECK(pair.client.transport.output().empty());
    pair.now = *deadline;
    pair.client.transport.on_time(pair.now);
    CHECK_FALSE(pair.client.transport.output().empty());
    CHECK(pair.client.transport.next_deadline() == pair.now + seconds{120});
    pair.run();
    CHECK(pair.client.transport.next_deadline() == pair.now + hours{1});
}

TEST_CASE("a peer that doesn't finish a rekey is given up after two minutes (CVE-2025-22869)") {
    enum class Stops { before_kexinit, before_kex_message, before_new_keys };
    for (const Role us : {Role::client, Role::server}) {
        for (const Stops stops :
             {Stops::before_kexinit, Stops::before_kex_message, Stops::before_new_keys}) {
            CAPTURE((us == Role::server));
            CAPTURE(static_cast<int>(stops));
            Talk talk{us};
            talk.now += seconds{100};
            talk.transport.start_rekey(talk.now);
            talk.poll();
            const TimePoint began = talk.now;
            talk.now += seconds{20};  // what the peer does in between gains it nothing
            if (stops != Stops::before_kexinit) {
                talk.peer.send_kexinit();
                talk.poll();
            }
            if (stops == Stops::before_new_keys) {
                talk.peer.send_kex_message();
                talk.poll();
            }
            CHECK(talk.transport.next_deadline() == began + seconds{120});
            CHECK_NOTHROW(talk.transport.on_time(began + milliseconds{29'999}));
            const ProtocolError error =
                refusal([&] { talk.transport.on_time(began + seconds{120}); });
            CHECK(error.what() ==
                  std::string{"the peer didn't finish a key exchange within 120 s"});
            CHECK(error.reason() == DisconnectReason::key_exchange_failed);
        }
    }
}

TEST_CASE("a server that shows another host key in a rekey is left") {
    Talk talk{Role::client};
    test::SeededRandom random{8};
    talk.peer.change_host_key(std::make_shared<const PrivateKey>(PrivateKey::generate(random, "")));
    talk.transport.start_rekey(talk.now);
    talk.peer.send_kexinit();
    talk.poll();
    talk.peer.send_server_reply();
    CHECK(refusal([&] { talk.poll(); }).reason() == DisconnectReason::host_key_not_verifiable);
}

TEST_CASE("rekeys at any time, under load, over a pipe that chops and delays") {
    for (std::uint32_t seed = 1; seed <= 20; ++seed) {
        CAPTURE(seed);
        std::mt19937 random{seed};
        EstablishedPair pair{seed % 2 == 0 ? test::ciphers().back() : chacha20_poly1305};
        std::uint32_t sent_by_client = 0;
        std::uint32_t sent_by_server = 0;
        const auto move_some = [&](TransportEnd& from, TransportEnd& to) {
            const Bytes unsent = from.transport.output().unsent();
            const std::size_t length = std::min<std::size_t>(unsent.size(), random() % 300);
            to.transport.input().append(unsent.first(length));
            from.transport.output().sent(length);
            to.poll(pair.now);
        };
        for (int i = 0; i < 3'000; ++i) {
            switch (random() % 8) {
                case 0:
                    pair.client.transport.send(upper(sent_by_client++, random() % 100));
                    break;
                case 1:
                    pair.server.transport.send(upper(sent_by_server++, random() % 100));
                    break;
                case 2:
                    if (random() % 16 == 0) pair.client.transport.start_rekey(pair.now);
                    break;
                case 3:
                    if (random() % 16 == 0) pair.server.transport.start_rekey(pair.now);
                    break;
                case 4:
                case 5:
                    move_some(pair.client, pair.server);
                    break;
                default:
                    move_some(pair.server, pair.client);
            }
        }
        pair.run();
        const auto in_order = [](const Payloads& payloads, std::uint32_t count) {
            if (payloads.size() != count) return false;
            for (std::uint32_t i = 0; i < count; ++i) {
                Reader in{Bytes{payloads[i]}.subspan(1)};
                if (in.uint32() != i) return false;
            }
            return true;
        };
        CHECK(in_order(pair.server.payloads, sent_by_client));
        CHECK(in_order(pair.client.payloads, sent_by_server));
        CHECK(pair.client.transport.held_bytes() == 0);
    }
}
