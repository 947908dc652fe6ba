#include "common/transport/terrapin.hpp"

#include <doctest/doctest.h>

#include "common/crypto/aes_gcm.hpp"

using namespace culvert;

namespace {

/// What a peer offers one way and the other, the cipher that was agreed upon, and our offer.
struct Offer {
    NameList to_server{"chacha20-poly1305@openssh.com"};
    NameList to_client = to_server;
    NameList ours{std::string{chacha20_poly1305}, std::string{aes256_gcm}};
    std::string cipher_to_server{chacha20_poly1305};
    std::string cipher_to_client = cipher_to_server;
    bool strict_is_required = false;

    std::optional<ProtocolError> refusal(Role us) const {
        msg::KexInit peer;
        peer.ciphers_client_to_server = to_server;
        peer.ciphers_server_to_client = to_client;
        Algorithms algorithms;
        algorithms.ciphers = ours;
        Negotiated negotiated;
        negotiated.cipher_client_to_server = cipher_to_server;
        negotiated.cipher_server_to_client = cipher_to_client;
        return refusal_without_strict_kex(
            {us, "SSH-2.0-old\x1b", peer, algorithms, negotiated, strict_is_required});
    }
};

/// A client has it for its user, and a server's goes to the peer.
std::string advice(const ProtocolError& error) {
    if (!error.hint().empty()) return std::string{error.hint()};
    const std::string_view text = error.what();
    const std::string_view end_of_why = "Terrapin attack: ";
    const std::size_t at = text.find(end_of_why);
    return std::string{at == text.npos ? "" : text.substr(at + end_of_why.size())};
}

}  // namespace

TEST_CASE("chacha20-poly1305 in either direction is refused, AES-GCM isn't (CVE-2023-48795)") {
    const std::string gcm{aes256_gcm};
    const std::string chacha20{chacha20_poly1305};
    for (const Role us : {Role::client, Role::server}) {
        CHECK(Offer{}.refusal(us));
        CHECK(Offer{.cipher_to_server = gcm, .cipher_to_client = chacha20}.refusal(us));
        CHECK(Offer{.cipher_to_server = chacha20, .cipher_to_client = gcm}.refusal(us));
        CHECK_FALSE(Offer{.cipher_to_server = gcm, .cipher_to_client = gcm}.refusal(us));
        const Offer required{
            .cipher_to_server = gcm, .cipher_to_client = gcm, .strict_is_required = true};
        REQUIRE(required.refusal(us));
        CHECK(advice(*required.refusal(us)) == "update it, or take out require_strict_kex");
    }
}

TEST_CASE("the advice names a cipher that the peer offers and we can do, or none") {
    const NameList old_server{"chacha20-poly1305@openssh.com", "aes128-gcm@openssh.com",
                              "aes256-ctr", "aes128-ctr"};
    const NameList with_gcm{"chacha20-poly1305@openssh.com", "aes256-gcm@openssh.com"};
    const std::string named = "update it, or use -c aes256-gcm@openssh.com";
    const std::string none = "update it; no other cipher that it offers works here";
    const bool has_gcm = !available_aes_gcm_backends().empty();
    struct Row {
        const char* name;
        Offer exchange;
        bool for_client, for_server;
    };
    for (const Row& row : {
             Row{"both ways", {.to_server = with_gcm}, true, true},
             Row{"chacha20 alone", {}, false, false},
             Row{"others that we don't have", {.to_server = old_server}, false, false},
             Row{"one way", {.to_server = with_gcm, .to_client = old_server}, false, false},
             Row{"the other way", {.to_server = old_server, .to_client = with_gcm}, false, false},
             Row{"we don't offer it now",
                 {.to_server = with_gcm, .ours = {std::string{chacha20_poly1305}}},
                 true,
                 false},
         }) {
        CAPTURE(row.name);
        const auto to_us = row.exchange.refusal(Role::client);
        const auto to_peer = row.exchange.refusal(Role::server);
        REQUIRE(to_us);
        REQUIRE(to_peer);
        CHECK(advice(*to_us) == (row.for_client && has_gcm ? named : none));
        CHECK(advice(*to_peer) == (row.for_server ? named : none));
        CHECK(std::string_view{to_us->what()}.find("(SSH-2.0-old\\x1b)") != std::string_view::npos);
    }
}
