#include "common/transport/key_exchange.hpp"

#include <doctest/doctest.h>

#include <algorithm>

#include "tests/unit/common/crypto/hex.hpp"
#include "tests/unit/common/transport/transport_config.hpp"
#include "tests/unit/common/wire/refusal.hpp"

using namespace culvert;
using test::refusal;

namespace {

constexpr Versions versions{"SSH-2.0-c", "SSH-2.0-s"};

/// Two sides that have seen each other's KEXINIT.
struct Sides {
    test::SeededRandom random;
    KeyExchange client;
    KeyExchange server;

    explicit Sides(const Algorithms& of_client = test::offering(chacha20_poly1305),
                   const Algorithms& of_server = test::offering(chacha20_poly1305),
                   Exchange which = Exchange::first, std::uint32_t seed = 1)
        : random{seed},
          client{Role::client, of_client, which, random},
          server{Role::server, of_server, which, random} {
        client.on_kexinit(server.kexinit());
        server.on_kexinit(client.kexinit());
    }

    void on_client_init(Bytes init) {
        server.on_client_init(init, versions, test::host_key()->public_key());
    }
    ByteVector reply() {
        on_client_init(client.client_init());
        return server.server_reply(test::host_key()->public_key(),
                                   test::host_key()->sign(server.hash()));
    }
};

/// A reply of the server with one of its fields changed.
template <class Change>
ByteVector changed(const ByteVector& reply, Change change) {
    auto message = decode<msg::KexEcdhReply>(reply);
    change(message);
    return encoded(message);
}

ByteVector flipped(Bytes bytes, std::size_t bit) {
    ByteVector copy{bytes.begin(), bytes.end()};
    copy[bit / 8] ^= std::byte{static_cast<unsigned char>(1u << bit % 8)};
    return copy;
}

void check_interoperate(PacketCipher& sealer, PacketCipher& opener) {
    ByteVector packet(4 + 32 + sealer.tag_size());
    packet[3] = std::byte{32};
    packet[4] = std::byte{0x77};
    sealer.seal(0, packet);
    CHECK(opener.read_length(0, std::span{packet}.first<4>()) == 32);
    CHECK(opener.open(0, packet));
    CHECK(packet[4] == std::byte{0x77});
}

}  // namespace

TEST_CASE("both sides come to the same hash and keys, and the client to the host key") {
    for (const std::string_view cipher : test::ciphers()) {
        CAPTURE(cipher);
        Sides sides{test::offering(cipher), test::offering(cipher)};
        CHECK_FALSE(sides.client.computed());
        const PublicKey host_key = sides.client.on_server_reply(sides.reply(), versions);
        CHECK(host_key == test::host_key()->public_key());
        REQUIRE(sides.client.computed());
        REQUIRE(sides.server.computed());
        CHECK(sides.client.hash() == sides.server.hash());
        CHECK(sides.client.negotiated().kex == "mlkem768x25519-sha256");
        CHECK(sides.client.negotiated().cipher_client_to_server == cipher);

        const SessionId& session_id = sides.client.hash();
        for (const Role sender : {Role::client, Role::server}) {
            check_interoperate(*sides.client.make_cipher(sender, session_id),
                               *sides.server.make_cipher(sender, session_id));
        }
        // The two directions, and two sessions, have different keys.
        ByteVector packet(4 + 32 + 16);
        sides.client.make_cipher(Role::client, session_id)->seal(0, packet);
        ByteVector other = packet;
        CHECK_FALSE(sides.server.make_cipher(Role::server, session_id)->open(0, other));
        other = packet;
        CHECK_FALSE(sides.server.make_cipher(Role::client, SessionId{})->open(0, other));
    }
}

TEST_CASE("cookies and ephemeral keys differ from one exchange to the next") {
    test::SeededRandom random{1};
    const KeyExchange one{Role::client, test::offering(chacha20_poly1305), Exchange::first, random};
    const KeyExchange two{Role::client, test::offering(chacha20_poly1305), Exchange::first, random};
    CHECK(decode<msg::KexInit>(one.kexinit()).cookie != decode<msg::KexInit>(two.kexinit()).cookie);
    CHECK(one.client_init() != two.client_init());
    CHECK(one.client_init() == one.client_init());
}

TEST_CASE("a client guesses in its first exchange alone (RFC 4253 7.1)") {
    test::SeededRandom random{1};
    const auto guesses = [&](Role us, Exchange which, bool may_guess = true) {
        Algorithms ours = test::offering(chacha20_poly1305);
        ours.guess = may_guess;
        const KeyExchange exchange{us, ours, which, random};
        const bool announced = decode<msg::KexInit>(exchange.kexinit()).first_kex_packet_follows;
        CHECK(announced == exchange.guesses());
        return announced;
    };
    CHECK(guesses(Role::client, Exchange::first));
    CHECK_FALSE(guesses(Role::client, Exchange::first, false));
    CHECK_FALSE(guesses(Role::client, Exchange::rekey));
    CHECK_FALSE(guesses(Role::server, Exchange::first));
    CHECK_FALSE(guesses(Role::server, Exchange::rekey));
}

TEST_CASE("a wrong guess is skipped once, a right one isn't") {
    Sides right;
    CHECK(right.client.guess_was_right());
    CHECK_FALSE(right.server.skips_next_packet());

    Algorithms server = test::offering(chacha20_poly1305);
    std::ranges::reverse(server.kex);
    Sides wrong{test::offering(chacha20_poly1305), server};
    CHECK_FALSE(wrong.client.guess_was_right());
    CHECK(wrong.server.negotiated().kex == "mlkem768x25519-sha256");  // all the same (RFC 4253 7.1)
    CHECK(wrong.server.skips_next_packet());
    CHECK_FALSE(wrong.server.skips_next_packet());
    CHECK_FALSE(wrong.client.skips_next_packet());

    Sides rekey{test::offering(chacha20_poly1305), server, Exchange::rekey};
    CHECK_FALSE(rekey.server.skips_next_packet());
}

TEST_CASE("a key of the wrong size is refused (RFC 8731 3)") {
    for (const std::size_t size : {0u, 1u, 31u, 33u, 64u}) {
        CAPTURE(size);
        Sides sides;
        const ByteVector key(size, std::byte{9});
        CHECK(refusal([&] { sides.on_client_init(encoded(msg::KexEcdhInit{key})); }).reason() ==
              DisconnectReason::key_exchange_failed);
        const ByteVector reply = changed(
            sides.reply(), [&](msg::KexEcdhReply& message) { message.server_public_key = key; });
        CHECK(refusal([&] { sides.client.on_server_reply(reply, versions); }).reason() ==
              DisconnectReason::key_exchange_failed);
    }
}

TEST_CASE("an all-zero secret is refused (RFC 8731 3, RFC 7748 6.1)") {
    // The points of small order: 0, 1, two of order 8, p - 1, p and p + 1.
    for (const char* const point : {
             "0000000000000000000000000000000000000000000000000000000000000000",
             "0100000000000000000000000000000000000000000000000000000000000000",
             "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
             "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
             "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
             "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
             "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
         }) {
        CAPTURE(point);
        const ByteVector key = test::unhex(point);
        Algorithms curve25519 = test::offering(chacha20_poly1305);
        curve25519.kex = {"curve25519-sha256"};
        Sides sides{curve25519, curve25519};
        CHECK(refusal([&] { sides.on_client_init(encoded(msg::KexEcdhInit{key})); }).what() ==
              std::string{"the peer's X25519 key gives an all-zero secret"});
        CHECK_FALSE(sides.server.computed());
        const ByteVector reply = changed(
            sides.reply(), [&](msg::KexEcdhReply& message) { message.server_public_key = key; });
        CHECK_THROWS_AS(sides.client.on_server_reply(reply, versions), ProtocolError);
    }
}

TEST_CASE("no altered bit of the reply gets past the signature") {
    for (const std::string& method : kex_methods()) {
        CAPTURE(method);
        Algorithms algorithms = test::offering(chacha20_poly1305);
        algorithms.kex = {method};
        Sides sides{algorithms, algorithms};
        const ByteVector reply = sides.reply();
        // A ciphertext takes its time: one or two bits of each byte, all of the eight in turn.
        const bool is_long = reply.size() > 1000;
        for (std::size_t bit = 0; bit < reply.size() * 8; bit += is_long ? 7 : 1) {
            CAPTURE(bit);
            CHECK_THROWS_AS(sides.client.on_server_reply(flipped(reply, bit), versions),
                            ProtocolError);
        }
        CHECK_NOTHROW(sides.client.on_server_reply(reply, versions));
    }
}

TEST_CASE("a change to what either side saw gets caught by the signature") {
    const auto refused = [](auto make_reply, const Versions& of_client) {
        Sides sides;
        const ByteVector reply = make_reply(sides);
        const ProtocolError error =
            refusal([&] { sides.client.on_server_reply(reply, of_client); });
        return error.what() == std::string{"the server's host key signature is wrong"};
    };
    CHECK(refused([](Sides& s) { return s.reply(); }, {"SSH-2.0-d", versions.server}));
    CHECK(refused([](Sides& s) { return s.reply(); }, {versions.client, "SSH-2.0-t"}));
    // One in the middle who takes an algorithm off the client's list (attack: downgrade).
    CHECK(refused(
        [](Sides& s) {
            auto lists = decode<msg::KexInit>(s.client.kexinit());
            lists.kex_algorithms.pop_back();
            s.server.on_kexinit(encoded(lists));
            return s.reply();
        },
        versions));
    CHECK(refused(
        [](Sides& s) {
            auto lists = decode<msg::KexInit>(s.server.kexinit());
            lists.kex_algorithms.pop_back();
            s.client.on_kexinit(encoded(lists));
            return s.reply();
        },
        versions));
    // Signed by another key than the one shown.
    CHECK(refused(
        [](Sides& s) {
            test::SeededRandom random{5};
            const PrivateKey other = PrivateKey::generate(random, "");
            return changed(s.reply(), [&](msg::KexEcdhReply& message) {
                message.host_key = other.public_key().blob();
            });
        },
        versions));
    // A signature of another exchange.
    CHECK(refused(
        [](Sides& s) {
            const auto usual = test::offering(chacha20_poly1305);
            const ByteVector old = Sides{usual, usual, Exchange::first, 77}.reply();
            return changed(s.reply(), [&](msg::KexEcdhReply& message) {
                message.signature = decode<msg::KexEcdhReply>(old).signature;
            });
        },
        versions));
}

TEST_CASE("a host key of a type that wasn't negotiated is refused") {
    Sides sides;
    ByteVector rsa;
    Writer{rsa}.string(std::string_view{"ssh-rsa"});
    Writer{rsa}.string(test::unhex("010001"));
    Writer{rsa}.string(test::unhex("00c0ffee"));
    const ByteVector reply =
        changed(sides.reply(), [&](msg::KexEcdhReply& message) { message.host_key = rsa; });
    const ProtocolError error = refusal([&] { sides.client.on_server_reply(reply, versions); });
    CHECK(error.what() ==
          std::string{"the server's host key isn't of the type that was negotiated"});
    CHECK(error.reason() == DisconnectReason::key_exchange_failed);
}

TEST_CASE("every truncation of a message of the exchange is refused") {
    Sides sides;
    const ByteVector reply = sides.reply();
    for (std::size_t length = 0; length < reply.size(); ++length) {
        CAPTURE(length);
        CHECK_THROWS_AS(sides.client.on_server_reply(Bytes{reply}.first(length), versions),
                        ProtocolError);
    }
    const ByteVector init = sides.client.client_init();
    for (std::size_t length = 0; length < init.size(); ++length) {
        CAPTURE(length);
        CHECK_THROWS_AS(sides.on_client_init(Bytes{init}.first(length)), ProtocolError);
    }
    const Bytes kexinit = sides.client.kexinit();
    for (std::size_t length = 0; length < kexinit.size(); ++length) {
        CAPTURE(length);
        CHECK_THROWS_AS(sides.server.on_kexinit(kexinit.first(length)), ProtocolError);
    }
}
