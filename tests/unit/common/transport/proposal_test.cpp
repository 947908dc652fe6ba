#include "common/transport/proposal.hpp"

#include <doctest/doctest.h>

#include <algorithm>

#include "tests/unit/common/wire/refusal.hpp"

using namespace culvert;
using test::refusal;

namespace {

bool has(const NameList& list, std::string_view name) {
    return std::ranges::find(list, name) != list.end();
}

Algorithms usual() {
    Algorithms algorithms;
    algorithms.ciphers = {std::string{aes256_gcm}, std::string{chacha20_poly1305}};
    algorithms.compression = {"zlib@openssh.com", "none"};
    return algorithms;
}

msg::KexInit kexinit(NameList kex, NameList host_key) {
    msg::KexInit message;
    message.kex_algorithms = std::move(kex);
    message.host_key_algorithms = std::move(host_key);
    message.ciphers_client_to_server = message.ciphers_server_to_client = {"c"};
    message.compression_client_to_server = message.compression_server_to_client = {"none"};
    return message;
}

}  // namespace

TEST_CASE("our KEXINIT offers all that we have, in our order") {
    const auto message = make_kexinit(usual(), Role::client, Exchange::first);
    NameList offered = kex_methods();
    offered.insert(offered.end(), {"ext-info-c", "kex-strict-c-v00@openssh.com"});
    CHECK(message.kex_algorithms == offered);
    CHECK(message.host_key_algorithms == NameList{"ssh-ed25519"});
    CHECK(message.ciphers_client_to_server == usual().ciphers);
    CHECK(message.ciphers_server_to_client == usual().ciphers);
    CHECK(message.macs_client_to_server == NameList{"hmac-sha2-256-etm@openssh.com"});
    CHECK(message.macs_server_to_client == message.macs_client_to_server);
    CHECK(message.compression_client_to_server == usual().compression);
    CHECK(message.compression_server_to_client == usual().compression);
    CHECK(message.languages_client_to_server.empty());
    CHECK(message.languages_server_to_client.empty());
    CHECK_FALSE(message.first_kex_packet_follows);
    CHECK(message.reserved == 0);
}

TEST_CASE(
    "the markers stand in the first KEXINIT alone, each role has its own (PROTOCOL 1.9, "
    "RFC 8308 2.1)") {
    for (const Role us : {Role::client, Role::server}) {
        const Role peer = us == Role::client ? Role::server : Role::client;
        const auto first = make_kexinit(usual(), us, Exchange::first);
        CHECK(asks_strict_kex(first, peer));
        CHECK(asks_ext_info(first, peer));
        CHECK_FALSE(asks_strict_kex(first, us));  // our own marker, sent back
        CHECK_FALSE(asks_ext_info(first, us));

        const auto rekey = make_kexinit(usual(), us, Exchange::rekey);
        CHECK(rekey.kex_algorithms == usual().kex);
        CHECK_FALSE(asks_strict_kex(rekey, peer));
        CHECK_FALSE(asks_ext_info(rekey, peer));
    }
    CHECK(has(make_kexinit(usual(), Role::server, Exchange::first).kex_algorithms,
              "kex-strict-s-v00@openssh.com"));
    CHECK(has(make_kexinit(usual(), Role::server, Exchange::first).kex_algorithms, "ext-info-s"));
}

TEST_CASE("the first of the client's that the server has is chosen, list by list (RFC 4253 7.1)") {
    msg::KexInit client = kexinit({"k1", "k2", "k3"}, {"h1", "h2"});
    client.ciphers_client_to_server = {"a", "b"};
    client.ciphers_server_to_client = {"b", "a"};
    client.compression_client_to_server = {"z", "none"};
    client.compression_server_to_client = {"none", "z"};
    msg::KexInit server = kexinit({"k3", "k2"}, {"h2"});
    server.ciphers_client_to_server = {"b", "a"};
    server.ciphers_server_to_client = {"a"};
    server.compression_client_to_server = {"none"};
    server.compression_server_to_client = {"z", "none"};

    for (const Role us : {Role::client, Role::server}) {
        const Negotiated chosen = negotiate(client, server, us);
        CHECK(chosen.kex == "k2");
        CHECK(chosen.host_key == "h2");
        CHECK(chosen.cipher_client_to_server == "a");
        CHECK(chosen.cipher_server_to_client == "a");
        CHECK(chosen.compression_client_to_server == "none");
        CHECK(chosen.compression_server_to_client == "none");
    }
}

TEST_CASE("markers are no algorithms, and not told as such") {
    msg::KexInit client = kexinit({"c1", "ext-info-c", "kex-strict-c-v00@openssh.com"}, {"h"});
    msg::KexInit server = kexinit({"s1", "kex-strict-s-v00@openssh.com"}, {"h"});
    CHECK(refusal([&] { negotiate(client, server, Role::client); }).what() ==
          std::string{"no common key exchange algorithm: we offer c1, the peer offers s1"});
}

TEST_CASE("nothing in common is told with both lists") {
    struct Row {
        std::string_view name;
        NameList msg::KexInit::*list;
        const char* what;
    };
    for (const Row& row : {
             Row{"kex", &msg::KexInit::kex_algorithms, "key exchange algorithm"},
             Row{"host key", &msg::KexInit::host_key_algorithms, "host key algorithm"},
             Row{"cipher out", &msg::KexInit::ciphers_client_to_server, "cipher"},
             Row{"cipher back", &msg::KexInit::ciphers_server_to_client, "cipher"},
             Row{"compression out", &msg::KexInit::compression_client_to_server, "compression"},
             Row{"compression back", &msg::KexInit::compression_server_to_client, "compression"},
         }) {
        CAPTURE(row.name);
        msg::KexInit client = kexinit({"k"}, {"h"});
        msg::KexInit server = client;
        client.*row.list = {"c1", "c2"};
        server.*row.list = {"s1", "s2"};
        const std::string what = std::string{"no common "} + row.what;
        const ProtocolError at_client = refusal([&] { negotiate(client, server, Role::client); });
        CHECK(at_client.what() == what + ": we offer c1,c2, the peer offers s1,s2");
        CHECK(at_client.reason() == DisconnectReason::key_exchange_failed);
        CHECK(refusal([&] { negotiate(client, server, Role::server); }).what() ==
              what + ": we offer s1,s2, the peer offers c1,c2");

        server.*row.list = {};
        CHECK_THROWS_AS(negotiate(client, server, Role::client), ProtocolError);
    }
}

TEST_CASE("an empty name is refused in a list that is chosen from, and nowhere else") {
    for (auto list :
         {&msg::KexInit::kex_algorithms, &msg::KexInit::host_key_algorithms,
          &msg::KexInit::ciphers_client_to_server, &msg::KexInit::ciphers_server_to_client,
          &msg::KexInit::compression_client_to_server,
          &msg::KexInit::compression_server_to_client}) {
        const msg::KexInit ours = kexinit({"k"}, {"h"});
        msg::KexInit theirs = ours;
        NameList& names = theirs.*list;
        names.insert(names.begin(), "");
        CHECK(refusal([&] { negotiate(ours, theirs, Role::client); }).reason() ==
              DisconnectReason::protocol_error);
        CHECK_THROWS_AS(negotiate(theirs, ours, Role::server), ProtocolError);
        names.front() = "an odd name";
        CHECK_NOTHROW(negotiate(ours, theirs, Role::client));
        CHECK_NOTHROW(negotiate(theirs, ours, Role::server));
    }
    for (auto list :
         {&msg::KexInit::macs_client_to_server, &msg::KexInit::macs_server_to_client,
          &msg::KexInit::languages_client_to_server, &msg::KexInit::languages_server_to_client}) {
        const msg::KexInit ours = kexinit({"k"}, {"h"});
        msg::KexInit theirs = ours;
        theirs.*list = {"", "odd name", ""};
        CHECK_NOTHROW(negotiate(ours, theirs, Role::client));
        CHECK_NOTHROW(negotiate(theirs, ours, Role::server));
    }
}

TEST_CASE("a KEXINIT with irregular lists is told from others") {
    const msg::KexInit regular = make_kexinit(usual(), Role::client, Exchange::first);
    CHECK_FALSE(has_irregular_lists(encoded(regular)));
    for (auto list : {&msg::KexInit::kex_algorithms, &msg::KexInit::macs_server_to_client,
                      &msg::KexInit::languages_server_to_client}) {
        msg::KexInit irregular = regular;
        (irregular.*list).emplace_back("two words");
        CHECK(has_irregular_lists(encoded(irregular)));
        irregular.*list = {"name", ""};  // a comma at the end
        CHECK(has_irregular_lists(encoded(irregular)));
    }
}

TEST_CASE("where only post-quantum key exchanges are offered, a refusal says so and what to do") {
    const auto offer = [](NameList kex) {
        kex.emplace_back("kex-strict-c-v00@openssh.com");
        return kexinit(std::move(kex), {"h"});
    };
    const auto ours = offer({"mlkem768x25519-sha256"});
    for (const std::string other : {"curve25519-sha256", "sntrup761x25519-sha512"}) {
        CAPTURE(other);
        const auto peer = offer({other});
        try {
            negotiate(ours, peer, Role::client);
            FAIL_CHECK("negotiated");
        } catch (const ProtocolError& error) {
            CHECK(error.what() ==
                  "no common post-quantum key exchange: only mlkem768x25519-sha256 are allowed, "
                  "the server offers " +
                      other);
            CHECK(error.hint() ==
                  "update the server, or allow others (require_post_quantum, kex_algorithms)");
            CHECK(error.reason() == DisconnectReason::key_exchange_failed);
        }
        // What the client's user sees is the text alone.
        CHECK_THROWS_WITH_AS(
            negotiate(peer, ours, Role::server),
            ("no common post-quantum key exchange: this server allows only mlkem768x25519-sha256, "
             "the client offers " +
             other +
             ": update the client, or allow others on the server (require_post_quantum, "
             "kex_algorithms)")
                .c_str(),
            ProtocolError);
    }
    CHECK_THROWS_WITH_AS(negotiate(offer({"curve25519-sha256"}), ours, Role::client),
                         doctest::Contains("no common key exchange algorithm"), ProtocolError);
    // Another list that has nothing in common is named as what it is.
    auto without_host_key = ours;
    without_host_key.host_key_algorithms = {"other"};
    CHECK_THROWS_WITH_AS(negotiate(ours, without_host_key, Role::client),
                         doctest::Contains("no common host key algorithm"), ProtocolError);
}

TEST_CASE("a guess is compared by first names, matched or not") {
    msg::KexInit client = kexinit({"odd name", "k"}, {"h"});
    CHECK_FALSE(guess_is_right(client, kexinit({"k"}, {"h"})));
}

TEST_CASE("a marker is never chosen as an algorithm (RFC 8308 2.2)") {
    const msg::KexInit client = make_kexinit(usual(), Role::client, Exchange::first);
    msg::KexInit server = make_kexinit(usual(), Role::server, Exchange::first);
    server.kex_algorithms = {"ext-info-c", "kex-strict-c-v00@openssh.com"};
    CHECK_THROWS_AS(negotiate(client, server, Role::client), ProtocolError);
}

TEST_CASE("a guess is right when both sides' first choices agree (RFC 4253 7.1)") {
    struct Row {
        std::string_view name;
        msg::KexInit client;
        msg::KexInit server;
        bool right;
    };
    for (const Row& row : {
             Row{"the same", kexinit({"k"}, {"h"}), kexinit({"k"}, {"h"}), true},
             Row{"the same first", kexinit({"k", "l"}, {"h", "i"}), kexinit({"k", "m"}, {"h"}),
                 true},
             Row{"another kex first", kexinit({"k"}, {"h"}), kexinit({"l", "k"}, {"h"}), false},
             Row{"another host key first", kexinit({"k"}, {"h"}), kexinit({"k"}, {"i", "h"}),
                 false},
             Row{"an empty list", kexinit({"k"}, {"h"}), kexinit({}, {"h"}), false},
             Row{"two empty lists", kexinit({}, {}), kexinit({}, {}), false},
         }) {
        CAPTURE(row.name);
        CHECK(guess_is_right(row.client, row.server) == row.right);
        CHECK(guess_is_right(row.server, row.client) == row.right);
    }
}
