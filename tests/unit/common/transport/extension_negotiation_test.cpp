#include "common/transport/extension_negotiation.hpp"

#include <doctest/doctest.h>

#include "tests/unit/common/transport/raw_peer.hpp"
#include "tests/unit/common/wire/refusal.hpp"

using namespace culvert;

TEST_CASE("EXT_INFO is sent to a peer that asks for it in its first KEXINIT (RFC 8308 2.1)") {
    const Extensions ours{.server_sig_algs = {"ssh-ed25519"}, .ping = true, .reset = false};
    for (const Role us : {Role::client, Role::server}) {
        CAPTURE((us == Role::server));
        ExtensionNegotiation extensions{us, ours};
        CHECK_FALSE(extensions.to_send());
        msg::KexInit peer;
        peer.kex_algorithms = test::kex_without_markers();
        extensions.on_first_kexinit(peer);
        CHECK_FALSE(extensions.to_send());
        peer.kex_algorithms = test::kex_with_markers(us);  // ours, sent back
        extensions.on_first_kexinit(peer);
        CHECK_FALSE(extensions.to_send());
        peer.kex_algorithms = test::kex_with_markers(peer_of(us));
        extensions.on_first_kexinit(peer);
        CHECK(extensions.to_send() == encode_ext_info(ours));
    }
}

TEST_CASE("EXT_INFO may be the very next packet after the first NEWKEYS (RFC 8308 2.4)") {
    const Extensions ours;
    ExtensionNegotiation extensions{Role::server, ours};
    CHECK_FALSE(extensions.on_packet());
    extensions.on_first_new_keys();
    CHECK(extensions.on_packet());
    CHECK_FALSE(extensions.on_packet());
}

TEST_CASE("a server may send two, the later one counts, and a client one") {
    const Extensions ours;
    ExtensionNegotiation of_server{Role::client, ours};
    CHECK(of_server.takes_another());
    of_server.on_ext_info(test::ping_ext_info());
    CHECK(of_server.peer().ping);
    CHECK(of_server.takes_another());
    of_server.on_ext_info(test::reset_ext_info());
    CHECK_FALSE(of_server.peer().ping);
    CHECK(of_server.peer().reset);
    CHECK_FALSE(of_server.takes_another());

    ExtensionNegotiation of_client{Role::server, ours};
    CHECK_FALSE(of_client.takes_another());
    CHECK_THROWS_AS(of_client.on_ext_info(ByteVector{std::byte{msg::ExtInfo::number}}),
                    ProtocolError);
}
