#include <doctest/doctest.h>

#include <algorithm>

#include "tests/unit/common/transport/raw_peer.hpp"
#include "tests/unit/common/wire/refusal.hpp"

using namespace culvert;
using test::RawPeer;
using test::refusal;

namespace {

constexpr Role other(Role role) { return role == Role::client ? Role::server : Role::client; }

/// A transport of one role, and its peer.
struct Talk {
    test::SeededRandom random{1};
    TimePoint now{};
    Transport transport;
    RawPeer peer;

    Talk(Role us, NameList kex, std::string_view cipher = chacha20_poly1305)
        : transport{test::transport_config(us, test::offering(cipher)), random},
          peer{other(us), std::move(kex), cipher} {
        transport.start(now);
        peer.send_version();
        peer.receive(transport);
    }
    explicit Talk(Role us) : Talk{us, test::kex_with_markers(other(us))} {}

    /// What the transport makes of all that the peer has sent so far.
    void poll() { peer.exchange_packets(transport, now); }
    bool refuses() {
        try {
            poll();
        } catch (const ProtocolError& error) {
            CHECK(error.reason() == DisconnectReason::protocol_error);
            return true;
        }
        return false;
    }
};

/// Where a first key exchange may be disturbed, as steps that the peer has made.
enum class Made { kexinit, kex_message };

/// Brings a talk to where the peer has made this step.
void advance(Talk& talk, Role us, Made made) {
    talk.peer.send_kexinit();
    talk.poll();
    if (made == Made::kexinit) return;
    if (us == Role::server) {
        talk.peer.send_client_init();
    } else {
        talk.peer.send_server_reply();
    }
    talk.poll();
}

/// A message of this number that is well formed if it is one that we know, so that it is refused
/// for where it stands and for nothing else.
ByteVector well_formed(std::uint8_t number) {
    const ByteVector some(32, std::byte{9});
    switch (number) {
        case msg::Ignore::number:
            return encoded(msg::Ignore{some});
        case msg::Unimplemented::number:
            return encoded(msg::Unimplemented{0});
        case msg::Debug::number:
            return encoded(msg::Debug{true, "text", ""});
        case msg::ServiceRequest::number:
            return encoded(msg::ServiceRequest{"ssh-userauth"});
        case msg::ServiceAccept::number:
            return encoded(msg::ServiceAccept{"ssh-userauth"});
        case msg::ExtInfo::number:
            return test::ping_ext_info();
        case msg::KexInit::number:
            return encoded(
                make_kexinit(test::offering(chacha20_poly1305), Role::client, Exchange::first));
        case msg::KexEcdhInit::number:
            return encoded(msg::KexEcdhInit{some});
        case msg::Ping::number:
            return encoded(msg::Ping{some});
        case msg::Pong::number:
            return encoded(msg::Pong{some});
        default:
            return {std::byte{number}, std::byte{0}, std::byte{0}, std::byte{0}, std::byte{0}};
    }
}

}  // namespace

TEST_CASE(
    "in the first key exchange, strict, only the one message that is due gets on (PROTOCOL "
    "1.9, CVE-2023-48795)") {
    for (const Role us : {Role::client, Role::server}) {
        for (const Made made : {Made::kexinit, Made::kex_message}) {
            for (unsigned number = 0; number < 256; ++number) {
                const bool is_disconnect = number == msg::Disconnect::number;
                const bool is_due =
                    made == Made::kex_message
                        ? number == msg::NewKeys::number
                        : number == (us == Role::server ? msg::KexEcdhInit::number
                                                        : msg::KexEcdhReply::number);
                if (is_disconnect || is_due) continue;
                CAPTURE((us == Role::server));
                CAPTURE((made == Made::kex_message));
                CAPTURE(number);
                Talk talk{us};
                advance(talk, us, made);
                talk.peer.send(well_formed(static_cast<std::uint8_t>(number)));
                CHECK(talk.refuses());
            }
            Talk talk{us};  // undisturbed it does get on
            advance(talk, us, made);
            if (made == Made::kexinit) {
                talk.peer.send_kex_message();
                talk.poll();
            }
            talk.peer.send_new_keys();
            talk.peer.send(well_formed(msg::ExtInfo::number));
            talk.poll();
            CHECK(talk.transport.peer_extensions().ping);
        }
    }
}

TEST_CASE("KEXINIT is the very first packet of a strict peer (PROTOCOL 1.9)") {
    for (const Role us : {Role::client, Role::server}) {
        for (unsigned number = 0; number < 256; ++number) {
            if (number == msg::Disconnect::number || number == msg::KexInit::number) continue;
            CAPTURE((us == Role::server));
            CAPTURE(number);
            Talk talk{us};
            talk.peer.send(well_formed(static_cast<std::uint8_t>(number)));
            talk.peer.send_kexinit();
            CHECK(talk.refuses());
        }
    }
}

TEST_CASE("without strict key exchange, IGNORE, DEBUG and UNIMPLEMENTED may come in between") {
    if (!test::has_aes_gcm()) return;
    for (const Role us : {Role::client, Role::server}) {
        CAPTURE((us == Role::server));
        Talk talk{us, test::kex_without_markers(), aes256_gcm};
        const auto disturb = [&] {
            for (const std::uint8_t number :
                 {msg::Ignore::number, msg::Debug::number, msg::Unimplemented::number}) {
                talk.peer.send(well_formed(static_cast<std::uint8_t>(number)));
            }
        };
        disturb();
        talk.peer.send_kexinit();
        disturb();
        talk.poll();
        talk.peer.send_kex_message();
        disturb();
        talk.poll();
        talk.peer.send_new_keys();
        disturb();
        talk.poll();
        CHECK(talk.transport.keys_sent());
        CHECK_FALSE(talk.transport.strict_kex());
        CHECK(talk.peer.count(msg::ExtInfo::number) == 0);  // it didn't ask (RFC 8308 2.1)
    }
}

TEST_CASE("messages of other layers never count before NEWKEYS, strict or not (CVE-2023-46446)") {
    for (const Role us : {Role::client, Role::server}) {
        for (const unsigned number : {5u, 6u, 50u, 52u, 80u, 90u, 94u, 98u}) {
            CAPTURE((us == Role::server));
            CAPTURE(number);
            Talk before_kexinit{us, test::kex_without_markers(), aes256_gcm};
            before_kexinit.peer.send(well_formed(static_cast<std::uint8_t>(number)));
            CHECK(before_kexinit.refuses());
            if (!test::has_aes_gcm()) continue;
            for (const Made made : {Made::kexinit, Made::kex_message}) {
                Talk talk{us, test::kex_without_markers(), aes256_gcm};
                advance(talk, us, made);
                talk.peer.send(well_formed(static_cast<std::uint8_t>(number)));
                CHECK(talk.refuses());
            }
        }
    }
}

TEST_CASE("sequence numbers begin at 0 after each NEWKEYS, both ways, if strict (PROTOCOL 1.9)") {
    for (const Role us : {Role::client, Role::server}) {
        for (const std::string_view cipher : test::ciphers()) {
            CAPTURE((us == Role::server));
            CAPTURE(cipher);
            Talk talk{us, test::kex_with_markers(other(us)), cipher};
            talk.peer.shake_hands(talk.transport, talk.now);
            talk.transport.on_authenticated(talk.now);
            // Its number is in the answer.
            const auto sequence_number_of_next = [&] {
                talk.peer.send(well_formed(199));
                talk.poll();
                return decode<msg::Unimplemented>(talk.peer.received().back()).sequence_number;
            };
            CHECK(sequence_number_of_next() == 0);
            CHECK(sequence_number_of_next() == 1);
            talk.peer.new_exchange();
            talk.peer.send_kexinit();
            talk.poll();
            talk.peer.send_kex_message();
            talk.poll();
            talk.peer.send_new_keys();
            CHECK(sequence_number_of_next() == 0);
        }
        Talk liar{us};
        liar.peer.never_reset_sequence_numbers();
        liar.peer.send_kexinit();
        liar.poll();
        liar.peer.send_kex_message();
        liar.poll();
        liar.peer.send_new_keys();
        liar.peer.send(well_formed(msg::Ignore::number));
        CHECK_THROWS_AS(liar.poll(), ProtocolError);
    }
}

TEST_CASE("sequence numbers go on otherwise, and a marker in a rekey changes nothing") {
    if (!test::has_aes_gcm()) return;
    for (const Role us : {Role::client, Role::server}) {
        CAPTURE((us == Role::server));
        Talk talk{us, test::kex_without_markers(), aes256_gcm};
        talk.peer.shake_hands(talk.transport, talk.now);
        talk.transport.on_authenticated(talk.now);
        const auto sequence_number_of_next = [&] {
            talk.peer.send(well_formed(199));
            talk.poll();
            return decode<msg::Unimplemented>(talk.peer.received().back()).sequence_number;
        };
        CHECK(sequence_number_of_next() == 3);  // after KEXINIT, a message of the method, NEWKEYS
        talk.peer.offer_from_now_on(test::kex_with_markers(other(us)));
        talk.peer.new_exchange();
        talk.peer.send_kexinit();
        talk.poll();
        talk.peer.send_kex_message();
        talk.poll();
        talk.peer.send_new_keys();
        CHECK(sequence_number_of_next() == 7);
        CHECK_FALSE(talk.transport.strict_kex());
        CHECK(talk.peer.count(msg::ExtInfo::number) == 0);
    }
}

TEST_CASE("a server without strict key exchange gets AES-GCM, and chacha20-poly1305 never") {
    Talk chacha20{Role::client, test::kex_without_markers(), chacha20_poly1305};
    chacha20.peer.send_kexinit();
    const ProtocolError error = refusal([&] { chacha20.poll(); });
    CHECK(error.what() ==
          std::string{"the peer (SSH-2.0-raw) doesn't know strict key exchange, without which "
                      "chacha20-poly1305 is open to the Terrapin attack"});
    CHECK(error.hint() == "update it; no other cipher that it offers works here");
    CHECK(error.reason() == DisconnectReason::key_exchange_failed);

    if (!test::has_aes_gcm()) return;
    Talk aes{Role::client, test::kex_without_markers(), aes256_gcm};
    aes.peer.shake_hands(aes.transport, aes.now);
    CHECK(aes.transport.keys_sent());
}

TEST_CASE("a client without strict key exchange may see the host key, and is served with AES-GCM") {
    const std::string why =
        "the peer (SSH-2.0-raw) doesn't know strict key exchange, without which "
        "chacha20-poly1305 is open to the Terrapin attack: update it; no other cipher that it "
        "offers works here";
    for (unsigned number = 0; number < 256; ++number) {
        const bool is_upper = number == 5 || number == 6 || (number >= 50 && number < 192);
        if (!is_upper) continue;
        CAPTURE(number);
        Talk keyscan{Role::server, test::kex_without_markers(), chacha20_poly1305};
        keyscan.peer.shake_hands(keyscan.transport, keyscan.now);
        CHECK(keyscan.transport.keys_sent());
        CHECK(keyscan.peer.count(msg::KexEcdhReply::number) == 1);
        keyscan.peer.send(well_formed(msg::Ignore::number));
        CHECK_NOTHROW(keyscan.poll());
        keyscan.peer.send(well_formed(static_cast<std::uint8_t>(number)));
        const ProtocolError error = refusal([&] { keyscan.poll(); });
        CHECK(error.what() == why);
        CHECK(error.reason() == DisconnectReason::key_exchange_failed);
    }
    if (!test::has_aes_gcm()) return;
    Talk aes{Role::server, test::kex_without_markers(), aes256_gcm};
    aes.peer.shake_hands(aes.transport, aes.now);
    aes.peer.send(well_formed(msg::ServiceRequest::number));
    CHECK_NOTHROW(aes.poll());
}

TEST_CASE("require_strict_kex refuses AES-GCM too") {
    for (const Role us : {Role::client, Role::server}) {
        CAPTURE((us == Role::server));
        if (!test::has_aes_gcm()) return;
        test::SeededRandom random{1};
        TransportConfig config = test::transport_config(us, test::offering(aes256_gcm));
        config.require_strict_kex = true;
        Transport transport{config, random};
        transport.start({});
        RawPeer peer{other(us), test::kex_without_markers(), aes256_gcm};
        peer.send_version();
        const ProtocolError error = refusal([&] {
            peer.receive(transport);
            peer.shake_hands(transport, {});
            peer.send(well_formed(msg::ServiceRequest::number));
            peer.exchange_packets(transport, {});
        });
        const std::string why =
            "the peer (SSH-2.0-raw) doesn't know strict key exchange, without which it is open to "
            "the Terrapin attack";
        const std::string advice = "update it, or take out require_strict_kex";
        CHECK(error.what() == (us == Role::client ? why : why + ": " + advice));
        CHECK(error.hint() == (us == Role::client ? advice : ""));
    }
}

TEST_CASE("one in the middle can't cut the first packet off a connection (CVE-2023-48795)") {
    PacketSealer in_the_clear;
    const ByteVector ignore = encoded(msg::Ignore{});
    ByteVector injected(in_the_clear.sealed_size(ignore.size()));
    std::ranges::copy(ignore, injected.begin() + payload_offset);
    in_the_clear.seal(injected, ignore.size());

    for (const Role us : {Role::client, Role::server}) {
        for (const std::string_view cipher : test::ciphers()) {
            for (const bool strict : {true, false}) {
                if (!strict && cipher == chacha20_poly1305) continue;  // refused
                CAPTURE((us == Role::server));
                CAPTURE(cipher);
                CAPTURE(strict);
                Talk talk{us,
                          strict ? test::kex_with_markers(other(us)) : test::kex_without_markers(),
                          cipher};
                talk.peer.send_kexinit();
                talk.poll();
                talk.peer.send_kex_message();
                talk.poll();
                talk.peer.send_new_keys();
                const ByteVector new_keys = talk.peer.take_output();
                talk.peer.send(test::ping_ext_info());
                (void)talk.peer.take_output();
                talk.peer.send(well_formed(msg::Ignore::number));

                talk.transport.input().append(injected);
                talk.transport.input().append(new_keys);
                CHECK_THROWS_AS(talk.poll(), ProtocolError);
            }
        }
    }
}

TEST_CASE("EXT_INFO comes where RFC 8308 2.4 allows it") {
    for (const Role us : {Role::client, Role::server}) {
        CAPTURE((us == Role::server));
        const ByteVector ext_info = test::ping_ext_info();

        Talk first{us};
        first.peer.shake_hands(first.transport, first.now);
        first.peer.send(ext_info);
        first.poll();
        CHECK(first.transport.peer_extensions().ping);
        // A server's second one, before it says that the user is in; never a client's.
        first.peer.send(test::reset_ext_info());
        if (us == Role::server) {
            CHECK(first.refuses());
        } else {
            first.poll();
            CHECK(first.transport.peer_extensions().reset);
            first.peer.send(ext_info);
            CHECK(first.refuses());
        }

        Talk later{us};
        later.peer.shake_hands(later.transport, later.now);
        later.peer.send(well_formed(msg::Ignore::number));
        later.peer.send(ext_info);
        if (us == Role::server) {
            CHECK(later.refuses());
        } else {
            later.poll();
            CHECK(later.transport.peer_extensions().ping);
        }

        Talk authenticated{us};
        authenticated.peer.shake_hands(authenticated.transport, authenticated.now);
        authenticated.peer.send(well_formed(msg::Ignore::number));
        authenticated.poll();
        authenticated.transport.on_authenticated(authenticated.now);
        authenticated.peer.send(ext_info);
        CHECK(authenticated.refuses());

        Talk rekeyed{us};
        rekeyed.peer.shake_hands(rekeyed.transport, rekeyed.now);
        rekeyed.peer.send(well_formed(msg::Ignore::number));
        rekeyed.poll();
        rekeyed.transport.on_authenticated(rekeyed.now);
        rekeyed.peer.new_exchange();
        rekeyed.peer.send_kexinit();
        rekeyed.poll();
        rekeyed.peer.send_kex_message();
        rekeyed.poll();
        rekeyed.peer.send_new_keys();
        rekeyed.peer.send(ext_info);
        CHECK(rekeyed.refuses());
    }
}
