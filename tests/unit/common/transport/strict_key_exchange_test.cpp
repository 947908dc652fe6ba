#include "common/transport/strict_key_exchange.hpp"

#include <doctest/doctest.h>

#include "tests/unit/common/transport/raw_peer.hpp"
#include "tests/unit/common/wire/refusal.hpp"

using namespace culvert;
using test::refusal;

namespace {

/// Tells it of the first KEXINITs.
void negotiate(StrictKeyExchange& strict, Role us, bool peer_knows_it, std::string_view cipher,
               std::uint64_t packets = 1, bool is_required = false) {
    msg::KexInit peer;
    peer.kex_algorithms =
        peer_knows_it ? test::kex_with_markers(peer_of(us)) : test::kex_without_markers();
    Negotiated negotiated;
    negotiated.cipher_client_to_server = negotiated.cipher_server_to_client = cipher;
    const Algorithms ours = test::offering(cipher);
    strict.on_first_kexinit({.us = us,
                             .peer_version = "SSH-2.0-x",
                             .peer = peer,
                             .ours = ours,
                             .negotiated = negotiated,
                             .strict_is_required = is_required},
                            packets);
}

}  // namespace

TEST_CASE("strict where both sides are: nothing else in the first exchange (PROTOCOL 1.9)") {
    for (const Role us : {Role::client, Role::server}) {
        CAPTURE((us == Role::server));
        StrictKeyExchange strict;
        CHECK_FALSE(strict.agreed());
        CHECK_NOTHROW(strict.refuse_in_first_exchange(msg::Ignore::number));
        negotiate(strict, us, true, chacha20_poly1305);
        CHECK(strict.agreed());
        CHECK(refusal([&] { strict.refuse_in_first_exchange(msg::Ignore::number); }).what() ==
              std::string{"message 2 in the first key exchange, which is strict"});
        CHECK_NOTHROW(strict.check_service());
        CHECK(strict.on_new_keys());
        CHECK_NOTHROW(strict.refuse_in_first_exchange(msg::Ignore::number));
        CHECK_FALSE(strict.on_new_keys());
    }
}

TEST_CASE("a strict peer's KEXINIT is its first packet") {
    for (const Role us : {Role::client, Role::server}) {
        StrictKeyExchange strict;
        CHECK_THROWS_AS(negotiate(strict, us, true, chacha20_poly1305, 2), ProtocolError);
        StrictKeyExchange lax;
        CHECK_NOTHROW(negotiate(lax, us, false, aes256_gcm, 2));
    }
}

TEST_CASE("a peer without it is served where Terrapin finds nothing, and else shows its host key") {
    StrictKeyExchange served;
    negotiate(served, Role::server, false, aes256_gcm);
    CHECK_FALSE(served.agreed());
    CHECK_NOTHROW(served.refuse_in_first_exchange(msg::Ignore::number));
    CHECK_NOTHROW(served.check_service());

    StrictKeyExchange refused;
    CHECK_NOTHROW(negotiate(refused, Role::server, false, chacha20_poly1305));
    CHECK(refusal([&] { refused.check_service(); }).reason() ==
          DisconnectReason::key_exchange_failed);
    StrictKeyExchange required;
    CHECK_NOTHROW(negotiate(required, Role::server, false, aes256_gcm, 1, true));
    CHECK_THROWS_AS(required.check_service(), ProtocolError);

    StrictKeyExchange client;
    CHECK_THROWS_AS(negotiate(client, Role::client, false, chacha20_poly1305), ProtocolError);
}
