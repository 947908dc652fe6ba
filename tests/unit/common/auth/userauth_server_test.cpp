#include "common/auth/userauth_server.hpp"

#include <doctest/doctest.h>

#include "common/auth/signed_request.hpp"
#include "common/keys/fingerprint.hpp"
#include "common/wire/auth_messages.hpp"
#include "common/wire/transport_messages.hpp"
#include "tests/unit/common/auth/user_keys.hpp"
#include "tests/unit/common/crypto/hex.hpp"
#include "tests/unit/common/wire/refusal.hpp"

using namespace culvert;
using test::refusal;
using test::user_key;

namespace {

/// A request for a signature, every field free to be wrong.
struct Request {
    std::string_view user = "alice";
    std::string_view service = "ssh-connection";
    std::string_view algorithm = "ssh-ed25519";
    Bytes key;
    std::string_view signed_user = "alice";
    std::string_view signed_service = "ssh-connection";
    std::string_view signed_algorithm = "ssh-ed25519";
    Bytes signed_key;
    ByteVector signed_session_id = test::session_id();
    const PrivateKey* signer = &user_key(0);

    Request() : key{user_key(0).public_key().blob()}, signed_key{key} {}

    static ByteVector unsigned_part(std::string_view user, std::string_view service,
                                    std::string_view algorithm, Bytes key, bool has_signature) {
        ByteVector payload = encoded(msg::UserauthRequest{user, service, "publickey"});
        encode_fields(PublicKeyMethod{has_signature, algorithm, key}, payload);
        return payload;
    }

    ByteVector signature() const {
        return signer->sign(signed_data(
            signed_session_id,
            unsigned_part(signed_user, signed_service, signed_algorithm, signed_key, true)));
    }
    ByteVector payload() const { return payload_with(signature()); }
    ByteVector payload_with(Bytes signature_blob) const {
        ByteVector whole = unsigned_part(user, service, algorithm, key, true);
        Writer{whole}.string(signature_blob);
        return whole;
    }
    ByteVector question() const { return unsigned_part(user, service, algorithm, key, false); }
};

ByteVector other_method(std::string_view method, std::string_view user = "alice") {
    ByteVector payload = encoded(msg::UserauthRequest{user, "ssh-connection", method});
    Writer{payload}.boolean(false);
    Writer{payload}.string(std::string_view{"secret"});
    return payload;
}

struct Server {
    UserauthServer userauth;

    explicit Server(UserauthLimits limits = {}) : userauth{limits} {
        const auto accept =
            userauth.on_service_request(encoded(msg::ServiceRequest{"ssh-userauth"}));
        CHECK(accept == encoded(msg::ServiceAccept{"ssh-userauth"}));
    }

    UserauthServer::Outcome hears(const ByteVector& payload) {
        return userauth.on_request(payload, test::session_id());
    }
    /// True if the request got FAILURE at once, without a question to the owner.
    bool fails(const ByteVector& payload) {
        const auto outcome = hears(payload);
        return !outcome.request &&
               outcome.reply == encoded(msg::UserauthFailure{{"publickey"}, false});
    }
};

}  // namespace

TEST_CASE("the service is asked for before all else (RFC 4252 4, RFC 4253 10)") {
    UserauthServer userauth{{}};
    CHECK_THROWS_AS(userauth.on_request(Request{}.payload(), test::session_id()), ProtocolError);
    CHECK(refusal([&] {
              userauth.on_service_request(encoded(msg::ServiceRequest{"ssh-connection"}));
          }).reason() == DisconnectReason::service_not_available);
}

TEST_CASE("the service may be asked for again before and between tries, which count together") {
    const ByteVector service = encoded(msg::ServiceRequest{"ssh-userauth"});
    const ByteVector accept = encoded(msg::ServiceAccept{"ssh-userauth"});
    Server server;
    CHECK(server.userauth.on_service_request(service) == accept);
    Request wrong;
    wrong.signer = &user_key(1);
    for (int i = 0; i < 5; ++i) {
        CHECK(server.fails(wrong.payload()));
        CHECK(server.userauth.on_service_request(service) == accept);
    }
    CHECK(refusal([&] { server.hears(wrong.payload()); }).reason() ==
          DisconnectReason::no_more_auth_methods_available);

    Server asked;
    REQUIRE(asked.hears(Request{}.question()).request);
    asked.userauth.accept();
    CHECK(asked.userauth.on_service_request(service) == accept);
    Request root;
    root.user = root.signed_user = "root";
    CHECK_THROWS_AS(asked.hears(root.payload()), ProtocolError);  // the name is still alice's

    CHECK(refusal([&] {
              Server{}.userauth.on_service_request(encoded(msg::ServiceRequest{"ssh-connection"}));
          }).reason() == DisconnectReason::service_not_available);

    Server flooded{{.tries = 6, .requests = 3}};
    for (int i = 1; i < 6; ++i) CHECK(flooded.userauth.on_service_request(service) == accept);
    CHECK_THROWS_AS(flooded.userauth.on_service_request(service), ProtocolError);
}

TEST_CASE("a public key query, then a verified request let the user in (RFC 4252 7)") {
    Server server;
    const auto asked = server.hears(Request{}.question());
    REQUIRE(asked.request);
    CHECK(asked.request->user == "alice");
    CHECK(asked.request->key == user_key(0).public_key());
    CHECK_FALSE(asked.request->verified);
    CHECK(server.userauth.awaits_answer());
    CHECK(server.userauth.accept() ==
          encoded(msg::UserauthPkOk{"ssh-ed25519", user_key(0).public_key().blob()}));
    CHECK_FALSE(server.userauth.awaits_answer());
    CHECK_FALSE(server.userauth.authenticated());

    const auto requested = server.hears(Request{}.payload());
    REQUIRE(requested.request);
    CHECK(requested.request->verified);
    CHECK_FALSE(server.userauth.authenticated());  // that is for the owner to say
    CHECK(server.userauth.accept() == encoded(msg::UserauthSuccess{}));
    CHECK(server.userauth.authenticated());
    CHECK(server.userauth.user() == "alice");
    CHECK(server.userauth.key() == user_key(0).public_key());
}

TEST_CASE("a verified request that the owner refuses lets nobody in") {
    Server server;
    REQUIRE(server.hears(Request{}.payload()).request);
    CHECK(server.userauth.refuse() == encoded(msg::UserauthFailure{{"publickey"}, false}));
    CHECK_FALSE(server.userauth.authenticated());
    CHECK_FALSE(server.userauth.awaits_answer());
}

TEST_CASE(
    "the key that counts is that of the verified request, whatever was asked (CVE-2024-45337)") {
    Server server;
    for (const std::uint32_t number : {0u, 1u, 0u, 2u}) {
        Request request;
        request.key = user_key(number).public_key().blob();
        REQUIRE(server.hears(request.question()).request);
        server.userauth.accept();
    }
    Request request;
    request.key = request.signed_key = user_key(1).public_key().blob();
    request.signer = &user_key(1);
    REQUIRE(server.hears(request.payload()).request);
    server.userauth.accept();
    CHECK(server.userauth.key() == user_key(1).public_key());
}

TEST_CASE("a signature is worth nothing for anything but what it signs (RFC 4252 7)") {
    const auto refused = [](auto change) {
        Server server;
        Request request;
        change(request);
        const bool failed = server.fails(request.payload());
        CHECK(server.userauth.awaits_answer() == !failed);
        return failed;
    };
    CHECK_FALSE(refused([](Request&) {}));
    CHECK(refused([](Request& r) { r.signed_session_id = test::session_id(2); }));
    CHECK(refused([](Request& r) { r.signed_session_id.pop_back(); }));
    CHECK(refused([](Request& r) { r.signed_user = "root"; }));
    CHECK(refused([](Request& r) { r.user = "root"; }));
    CHECK(refused([](Request& r) { r.signed_service = "ssh-userauth"; }));
    CHECK(refused([](Request& r) { r.signed_algorithm = "ssh-rsa"; }));
    CHECK(refused([](Request& r) { r.signed_key = user_key(1).public_key().blob(); }));
    CHECK(refused([](Request& r) { r.key = user_key(1).public_key().blob(); }));
    CHECK(refused([](Request& r) {
        r.key = r.signed_key = user_key(1).public_key().blob();  // not the signer's
    }));
    CHECK(refused([](Request& r) { r.signer = &user_key(1); }));
}

TEST_CASE("a signature of a question isn't one of a request") {
    Server server;
    const Request request;
    const ByteVector signature =
        user_key(0).sign(signed_data(test::session_id(), request.question()));
    CHECK(server.fails(request.payload_with(signature)));
}

TEST_CASE("no bit of a signature may change, and no algorithm be misnamed in it") {
    const Request request;
    const ByteVector signature = request.signature();
    for (std::size_t bit = 0; bit < signature.size() * 8; ++bit) {
        CAPTURE(bit);
        Server server;
        ByteVector altered = signature;
        altered[bit / 8] ^= std::byte{static_cast<unsigned char>(1u << bit % 8)};
        CHECK(server.fails(request.payload_with(altered)));
    }
    for (std::size_t length = 0; length < signature.size(); ++length) {
        CAPTURE(length);
        Server server;
        CHECK(server.fails(request.payload_with(Bytes{signature}.first(length))));
    }
    ByteVector longer = signature;
    longer.push_back(std::byte{0});
    CHECK(Server{}.fails(request.payload_with(longer)));
}

TEST_CASE("the declared algorithm and the key must both be ssh-ed25519") {
    const PublicKey rsa = test::foreign_key("ssh-rsa");
    const PublicKey certificate = test::foreign_key("ssh-ed25519-cert-v01@openssh.com");
    struct Row {
        std::string_view name;
        std::string_view algorithm;
        Bytes key;
    };
    const Bytes ed25519 = user_key(0).public_key().blob();
    for (const Row& row : {
             Row{"RSA declared", "rsa-sha2-512", ed25519},
             Row{"SHA-1 declared", "ssh-rsa", ed25519},
             Row{"RSA shown", "ssh-ed25519", rsa.blob()},
             Row{"RSA", "rsa-sha2-256", rsa.blob()},
             Row{"certificate as a plain key", "ssh-ed25519", certificate.blob()},
             Row{"certificate declared", "ssh-ed25519-cert-v01@openssh.com", ed25519},
             Row{"certificate", "ssh-ed25519-cert-v01@openssh.com", certificate.blob()},
             Row{"nothing declared", "", ed25519},
         }) {
        CAPTURE(row.name);
        Request request;
        request.algorithm = request.signed_algorithm = row.algorithm;
        request.key = request.signed_key = row.key;
        Server server;
        CHECK(server.fails(request.question()));
        CHECK(server.fails(request.payload()));
    }
}

TEST_CASE("garbled requests end the connection, for every user alike (CVE-2018-15473)") {
    const auto refused = [](const ByteVector& payload) {
        Server server;
        try {
            server.hears(payload);
        } catch (const ProtocolError&) {
            return true;
        }
        return false;
    };
    for (const ByteVector& whole : {Request{}.payload(), Request{}.question()}) {
        for (std::size_t length = 0; length < whole.size(); ++length) {
            CAPTURE(length);
            CHECK(refused({whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length)}));
        }
        ByteVector longer = whole;
        longer.push_back(std::byte{0});
        CHECK(refused(longer));
    }
}

TEST_CASE("a key that we can't use fails, whatever its blob looks like, and is noted for a log") {
    using Why = FailedRequest::Why;
    const PublicKey rsa = test::foreign_key("ssh-rsa");
    const Bytes ed25519 = user_key(0).public_key().blob();
    // Where an SSH key has the length of its name, a DER certificate has its tag and length.
    const ByteVector der{std::byte{0x30}, std::byte{0x82}, std::byte{3}, std::byte{0}};
    const ByteVector large(PublicKey::max_blob_size + 1, std::byte{'x'});
    struct Row {
        std::string_view name;
        std::string_view algorithm;
        Bytes key;
        Why why;
        std::string_view key_type;
    };
    for (const Row& row : {
             Row{"an X.509 certificate", "x509v3-sign-rsa", der, Why::key_type, "x509v3-sign-rsa"},
             Row{"nothing", "x509v3-ssh-rsa", {}, Why::key_type, "x509v3-ssh-rsa"},
             Row{"more than a key may have", "pgp-sign-rsa", large, Why::key_type, "pgp-sign-rsa"},
             Row{"RSA", "rsa-sha2-512", rsa.blob(), Why::key_type, "ssh-rsa"},
             Row{"another key", "ecdsa-sha2-nistp256", ed25519, Why::key_type,
                 "ecdsa-sha2-nistp256"},
             Row{"RSA as Ed25519", "ssh-ed25519", rsa.blob(), Why::key_type, "ssh-rsa"},
             Row{"Ed25519 without a key", "ssh-ed25519", {}, Why::garbled_key, "ssh-ed25519"},
             Row{"Ed25519 cut", "ssh-ed25519", ed25519.first(50), Why::garbled_key, "ssh-ed25519"},
             Row{"Ed25519 as DER", "ssh-ed25519", der, Why::garbled_key, "ssh-ed25519"},
         }) {
        CAPTURE(row.name);
        Request request;
        request.algorithm = request.signed_algorithm = row.algorithm;
        request.key = request.signed_key = row.key;
        Server server;
        CHECK(server.fails(request.question()));
        CHECK(server.fails(request.payload()));
        REQUIRE(server.userauth.failed().size() == 2);
        const FailedRequest& failed = server.userauth.failed().front();
        CHECK(failed.why == row.why);
        CHECK(failed.method == "publickey");
        CHECK(failed.key_type == row.key_type);
        CHECK(failed.fingerprint == fingerprint(row.key));
        // The next key is tried all the same.
        CHECK(server.hears(Request{}.payload()).request);
    }
    // What stands behind the blob of such a key is its algorithm's own affair, too.
    Request odd;
    odd.algorithm = "x509v3-sign-rsa";
    ByteVector longer = odd.question();
    longer.push_back(std::byte{1});
    CHECK(Server{}.fails(longer));
}

TEST_CASE("what failed is noted, up to a point, but the method none") {
    Server server;
    CHECK(server.userauth.user().empty());
    CHECK(server.fails(other_method("none")));
    CHECK(server.userauth.user() == "alice");
    CHECK(server.userauth.failed().empty());
    CHECK(server.fails(other_method("password")));
    Request wrong;
    wrong.signer = &user_key(1);
    CHECK(server.fails(wrong.payload()));
    REQUIRE(server.userauth.failed().size() == 2);
    CHECK(server.userauth.failed()[0].why == FailedRequest::Why::method);
    CHECK(server.userauth.failed()[0].method == "password");
    CHECK(server.userauth.failed()[1].why == FailedRequest::Why::signature);
    Request rsa;
    rsa.algorithm = "rsa-sha2-512";
    for (int i = 0; i < 30; ++i) CHECK(server.fails(rsa.question()));
    CHECK(server.userauth.failed().size() == 6);
}

TEST_CASE("nobody changes the user's name or the service midway") {
    Server server;
    CHECK(server.fails(other_method("none")));
    CHECK_THROWS_AS(server.hears(other_method("none", "root")), ProtocolError);

    Server asked;
    REQUIRE(asked.hears(Request{}.question()).request);
    asked.userauth.accept();
    Request root;
    root.user = root.signed_user = "root";
    CHECK_THROWS_AS(asked.hears(root.payload()), ProtocolError);

    Request other_service;
    other_service.service = other_service.signed_service = "ssh-userauth";
    CHECK(refusal([&] { Server{}.hears(other_service.payload()); }).reason() ==
          DisconnectReason::service_not_available);
}

TEST_CASE("six tries, of which questions and `none` are none (docs/contract.md)") {
    struct Row {
        std::string_view name;
        ByteVector payload;
        bool counts;
    };
    Request wrong;
    wrong.signer = &user_key(1);
    Request rsa_question;
    rsa_question.algorithm = "rsa-sha2-512";
    for (const Row& row : {
             Row{"a wrong signature", wrong.payload(), true},
             Row{"a password", other_method("password"), true},
             Row{"keyboard-interactive", other_method("keyboard-interactive"), true},
             Row{"a method that nobody knows", other_method("x"), true},
             Row{"none", other_method("none"), false},
             Row{"a question about an RSA key", rsa_question.question(), false},
         }) {
        CAPTURE(row.name);
        Server server;
        for (int i = 0; i < 5; ++i) CHECK(server.fails(row.payload));
        if (row.counts) {
            CHECK(refusal([&] { server.hears(row.payload); }).reason() ==
                  DisconnectReason::no_more_auth_methods_available);
        } else {
            for (int i = 0; i < 20; ++i) CHECK(server.fails(row.payload));
        }
    }
    Server refused;
    for (int i = 0; i < 5; ++i) {
        REQUIRE(refused.hears(Request{}.payload()).request);
        CHECK_FALSE(refused.userauth.refuse().empty());
    }
    REQUIRE(refused.hears(Request{}.payload()).request);
    CHECK_THROWS_AS(refused.userauth.refuse(), ProtocolError);

    Server asked;
    for (int i = 0; i < 40; ++i) {
        REQUIRE(asked.hears(Request{}.question()).request);
        CHECK_FALSE(asked.userauth.refuse().empty());
    }
    REQUIRE(asked.hears(Request{}.payload()).request);
    asked.userauth.accept();
    CHECK(asked.userauth.authenticated());
}

TEST_CASE("requests of any kind are limited (endless authentication)") {
    Server server;
    for (int i = 0; i < 64; ++i) CHECK(server.fails(other_method("none")));
    CHECK(refusal([&] { server.hears(other_method("none")); }).reason() ==
          DisconnectReason::no_more_auth_methods_available);

    Server few{{.tries = 2, .requests = 3}};
    for (int i = 0; i < 3; ++i) {
        REQUIRE(few.hears(Request{}.question()).request);
        few.userauth.accept();
    }
    CHECK_THROWS_AS(few.hears(Request{}.payload()), ProtocolError);
}
