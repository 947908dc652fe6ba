#include "common/auth/userauth_client.hpp"

#include <doctest/doctest.h>

#include "common/auth/signed_request.hpp"
#include "common/keys/fingerprint.hpp"
#include "common/wire/auth_messages.hpp"
#include "common/wire/protocol_error.hpp"
#include "common/wire/transport_messages.hpp"
#include "tests/unit/common/auth/user_keys.hpp"

using namespace culvert;
using test::user_key;
using Step = UserauthClient::Step;

namespace {

const PublicKey& key(std::uint32_t number) { return user_key(number).public_key(); }

ClientIdentities alice(std::vector<PublicKey> keys, std::optional<std::size_t> sure = {}) {
    return {"alice", std::move(keys), sure};
}

/// A client, and what it is told.
struct Client {
    UserauthClient userauth;
    NameList server_sig_algs;

    explicit Client(ClientIdentities identities) : userauth{std::move(identities)} {}

    Step begins(FirstRequest when = FirstRequest::at_once) {
        return userauth.begin(test::session_id(), when);
    }
    Step fails(NameList methods = {"publickey"}, bool partial = false) {
        return userauth.on_failure(encoded(msg::UserauthFailure{std::move(methods), partial}),
                                   test::session_id(), server_sig_algs);
    }
    Step knows_algorithms() {
        return userauth.on_algorithms_known(test::session_id(), server_sig_algs);
    }
    Step declines() { return userauth.decline(test::session_id(), server_sig_algs); }
    Step pk_ok(const PublicKey& shown, std::string_view algorithm = "ssh-ed25519") {
        return userauth.on_pk_ok(encoded(msg::UserauthPkOk{algorithm, shown.blob()}),
                                 test::session_id(), server_sig_algs);
    }
    void succeeds() { userauth.on_success(encoded(msg::UserauthSuccess{})); }
    ByteVector signs(const Step& step) {
        REQUIRE(step.wanted);
        return userauth.sign(
            user_key(static_cast<std::uint32_t>(step.wanted->identity)).sign(step.wanted->data));
    }
};

/// The step asks about this key, and for nothing else.
bool asks(const Step& step, const PublicKey& about, std::string_view algorithm = "ssh-ed25519") {
    return !step.wanted && step.packet == public_key_query("alice", algorithm, about);
}

/// The step wants the signature of this key.
bool wants(const Step& step, std::size_t identity, const PublicKey& of,
           std::string_view algorithm = "ssh-ed25519") {
    return step.packet.empty() && step.wanted && step.wanted->identity == identity &&
           step.wanted->algorithm == algorithm &&
           step.wanted->data ==
               signed_data(test::session_id(), public_key_request("alice", algorithm, of));
}

template <class Action>
std::string authentication_error(Action action) {
    try {
        action();
    } catch (const Error& error) {
        CHECK(error.kind() == ErrorKind::authentication);
        return error.what();
    }
    return "none";
}

std::string shown(const PublicKey& of) { return of.algorithm() + " " + fingerprint(of); }

}  // namespace

TEST_CASE("the first step waits for SERVICE_ACCEPT where it has to") {
    for (const NameList& algorithms : {NameList{}, NameList{"ssh-ed25519"}}) {
        Client client{alice({key(0), key(1)})};
        client.server_sig_algs = algorithms;
        const Step none = client.begins(FirstRequest::after_service_accept);
        CHECK((none.packet.empty() && !none.wanted));
        // EXT_INFO may come ahead of it.
        const Step still_none = client.knows_algorithms();
        CHECK((still_none.packet.empty() && !still_none.wanted));
        client.userauth.on_service_accept(encoded(msg::ServiceAccept{ssh_userauth}));
        CHECK(asks(client.knows_algorithms(), key(0)));
        CHECK_THROWS_AS(
            client.userauth.on_service_accept(encoded(msg::ServiceAccept{ssh_userauth})),
            ProtocolError);
    }
}

TEST_CASE("a single key is signed with at once, and lets the user in") {
    Client client{alice({key(0)})};
    const Step step = client.begins();
    CHECK(wants(step, 0, key(0)));
    CHECK(client.userauth.awaits_signature());
    CHECK_FALSE(client.userauth.is_optimistic());
    const ByteVector request = client.signs(step);
    CHECK_FALSE(client.userauth.awaits_signature());
    CHECK(client.userauth.is_optimistic());

    Reader in{request};
    in.raw(public_key_request("alice", "ssh-ed25519", key(0)).size());
    CHECK(verify(key(0), "ssh-ed25519", step.wanted->data, in.string()));
    in.expect_end();

    client.succeeds();
    CHECK(client.userauth.authenticated());
    CHECK(client.userauth.identity() == 0);
}

TEST_CASE("several keys are asked about in their order, the last is signed with at once") {
    Client client{alice({key(0), key(1), key(2)})};
    CHECK(asks(client.begins(), key(0)));
    CHECK(asks(client.fails(), key(1)));
    const Step last = client.fails();
    CHECK(wants(last, 2, key(2)));
    client.signs(last);
    CHECK(client.userauth.is_optimistic());
    CHECK(authentication_error([&] { client.fails(); }) ==
          "no key of ours was accepted for user alice; tried " + shown(key(0)) + ", " +
              shown(key(1)) + ", " + shown(key(2)));
}

TEST_CASE("a key that the server takes is signed with, and isn't sure while others are left") {
    Client client{alice({key(0), key(1), key(2)})};
    client.begins();
    client.fails();
    const Step step = client.pk_ok(key(1));
    CHECK(wants(step, 1, key(1)));
    client.signs(step);
    CHECK_FALSE(client.userauth.is_optimistic());
    client.succeeds();
    CHECK(client.userauth.identity() == 1);
}

TEST_CASE("a key that the server took and then refused was tried once") {
    Client client{alice({key(0), key(1)})};
    client.begins();
    client.signs(client.pk_ok(key(0)));
    client.signs(client.fails());
    CHECK(authentication_error([&] { client.fails(); }) ==
          "no key of ours was accepted for user alice; tried " + shown(key(0)) + ", " +
              shown(key(1)));
}

TEST_CASE("the key that this server took before goes first, unasked") {
    Client client{alice({key(0), key(1), key(2)}, 1)};
    const Step first = client.begins();
    CHECK(wants(first, 1, key(1)));
    client.signs(first);
    CHECK(client.userauth.is_optimistic());
    CHECK(asks(client.fails(), key(0)));
    const Step last = client.fails();
    CHECK(wants(last, 2, key(2)));
    client.signs(last);
    CHECK_THROWS_AS(client.fails(), Error);

    // The last one left is signed with at once, also when the sure one stands behind it.
    Client other{alice({key(0), key(1), key(2)}, 2)};
    other.signs(other.begins());
    CHECK(asks(other.fails(), key(0)));
    CHECK(wants(other.fails(), 1, key(1)));
}

TEST_CASE("a key that can't sign after all makes room for the next") {
    Client client{alice({key(0), key(1)})};
    client.begins();
    client.pk_ok(key(0));
    CHECK(wants(client.declines(), 1, key(1)));
    CHECK(authentication_error([&] { client.declines(); }) ==
          "no key of ours that signed was accepted for user alice; not signed with " +
              shown(key(0)) + ", " + shown(key(1)));
    // The server takes the first, and was shown none of the others.
    CHECK(client.userauth.tried().empty());
    CHECK(client.userauth.not_signed() == std::vector<std::size_t>{0, 1});

    Client single{alice({key(0)})};
    single.begins();
    CHECK(authentication_error([&] { single.declines(); }) ==
          "no key of ours that signed was accepted for user alice; not signed with " +
              shown(key(0)));
    CHECK(single.userauth.tried().empty());
}

TEST_CASE("a key that wasn't signed with is not among those that the server refused") {
    Client client{alice({key(0), key(1)}, 0)};
    client.begins();
    client.signs(client.declines());
    CHECK(authentication_error([&] { client.fails(); }) ==
          "no key of ours that signed was accepted for user alice; tried " + shown(key(1)) +
              "; not signed with " + shown(key(0)));
    CHECK(client.userauth.tried() == std::vector<std::size_t>{1});
    CHECK(client.userauth.not_signed() == std::vector<std::size_t>{0});
}

TEST_CASE("keys that the server can't take are neither") {
    Client client{alice({test::foreign_key("ssh-rsa")})};
    client.server_sig_algs = {"ssh-ed25519"};
    client.begins();
    CHECK(authentication_error([&] { client.knows_algorithms(); }) ==
          "no key of ours was accepted for user alice; none could be tried: they don't sign in a "
          "way that the server takes");
}

TEST_CASE(
    "a single key that is declined while it is asked about was refused if the server says so") {
    for (const bool taken : {false, true}) {
        CAPTURE(taken);
        Client client{alice({key(0)})};
        client.begins();
        client.userauth.query_meanwhile();
        client.declines();
        const std::string why =
            authentication_error([&] { taken ? client.pk_ok(key(0)) : client.fails(); });
        CHECK(why == (taken ? "no key of ours that signed was accepted for user alice; not signed "
                              "with "
                            : "no key of ours was accepted for user alice; tried ") +
                         shown(key(0)));
        CHECK(client.userauth.tried().empty() == taken);
        CHECK(client.userauth.not_signed().empty() != taken);
    }
}

TEST_CASE("without a key there is nothing to begin with") {
    CHECK(authentication_error([] { Client{alice({})}.begins(); }) ==
          "there is no key to log in with");
}

TEST_CASE("the service is accepted once, after it was asked for") {
    const ByteVector accept = encoded(msg::ServiceAccept{"ssh-userauth"});
    Client early{alice({key(0)})};
    CHECK_THROWS_AS(early.userauth.on_service_accept(accept), ProtocolError);

    Client client{alice({key(0)})};
    client.begins();
    CHECK_THROWS_AS(
        client.userauth.on_service_accept(encoded(msg::ServiceAccept{"ssh-connection"})),
        ProtocolError);
    CHECK_FALSE(client.userauth.service_accepted());
    client.userauth.on_service_accept(accept);
    CHECK(client.userauth.service_accepted());
    CHECK_THROWS_AS(client.userauth.on_service_accept(accept), ProtocolError);
}

TEST_CASE("answers to nothing that was asked are refused") {
    Client idle{alice({key(0), key(1)})};
    CHECK_THROWS_AS(idle.fails(), ProtocolError);
    CHECK_THROWS_AS(idle.succeeds(), ProtocolError);
    CHECK_THROWS_AS(idle.pk_ok(key(0)), ProtocolError);

    Client asked{alice({key(0), key(1)})};
    asked.begins();
    CHECK_THROWS_AS(asked.succeeds(), ProtocolError);  // a question lets nobody in
    CHECK_THROWS_AS(asked.pk_ok(key(1)), ProtocolError);
    CHECK_THROWS_AS(asked.pk_ok(key(0), "ssh-rsa"), ProtocolError);

    Client signing{alice({key(0)})};
    const Step step = signing.begins();
    CHECK_THROWS_AS(signing.succeeds(), ProtocolError);
    CHECK_THROWS_AS(signing.fails(), ProtocolError);
    CHECK_THROWS_AS(signing.pk_ok(key(0)), ProtocolError);
    signing.signs(step);
    CHECK_THROWS_AS(signing.pk_ok(key(0)), ProtocolError);
    signing.succeeds();
    CHECK_THROWS_AS(signing.succeeds(), ProtocolError);
    CHECK_THROWS_AS(signing.fails(), ProtocolError);
}

TEST_CASE("garbled answers are refused") {
    Client client{alice({key(0)})};
    client.signs(client.begins());
    const auto refuses = [&](std::uint8_t number) {
        const ByteVector payload{std::byte{number}, std::byte{1}};
        CHECK_THROWS_AS(client.userauth.on_success(payload), ProtocolError);
        CHECK_THROWS_AS(client.userauth.on_failure(payload, test::session_id(), {}), ProtocolError);
        CHECK_THROWS_AS(client.userauth.on_pk_ok(payload, test::session_id(), {}), ProtocolError);
    };
    for (const auto number :
         {msg::UserauthSuccess::number, msg::UserauthFailure::number, msg::UserauthPkOk::number}) {
        refuses(number);
    }
}

TEST_CASE("no other proof than a key is tried, and the error says which the server wants") {
    Client partial{alice({key(0)})};
    partial.signs(partial.begins());
    CHECK(authentication_error([&] { partial.fails({"keyboard-interactive"}, true); }) ==
          "the server asks for more than a key: no key alone was accepted for user "
          "alice; tried " +
              shown(key(0)));

    Client password{alice({key(0), key(1)})};
    password.begins();
    CHECK(
        authentication_error([&] {
            password.fails({"password", "gssapi-keyex"});
        }) ==
        "the server accepts password, gssapi-keyex here, and no keys: no key was accepted for user "
        "alice; tried " +
            shown(key(0)));
}

TEST_CASE("an RSA key signs with the best that the server names (RFC 8332 3, RFC 8308 3.1)") {
    const PublicKey rsa = test::foreign_key("ssh-rsa");
    struct Row {
        std::string_view name;
        NameList server_sig_algs;
        std::string_view algorithm;
    };
    for (const Row& row : {
             Row{"not said", {}, "rsa-sha2-512"},
             Row{"both", {"ssh-ed25519", "rsa-sha2-256", "rsa-sha2-512"}, "rsa-sha2-512"},
             Row{"the lesser", {"ssh-ed25519", "rsa-sha2-256"}, "rsa-sha2-256"},
             Row{"SHA-1 alone", {"ssh-ed25519", "ssh-rsa"}, ""},
         }) {
        CAPTURE(row.name);
        Client client{alice({key(0), rsa, key(1)})};
        client.begins();
        client.server_sig_algs = row.server_sig_algs;
        const Step step = client.fails();
        if (row.algorithm.empty()) {
            CHECK(wants(step, 2, key(1)));  // the RSA key is left out, and this one the last
        } else {
            CHECK(asks(step, rsa, row.algorithm));
            CHECK(wants(client.pk_ok(rsa, row.algorithm), 1, rsa, row.algorithm));
        }
        // As the first one it waits for the list: alone, ahead of others, and as the expected one.
        for (const ClientIdentities& identities :
             {alice({rsa}), alice({rsa, key(1)}), alice({key(0), rsa}, 1)}) {
            Client first{identities};
            const Step nothing = first.begins();
            CHECK((nothing.packet.empty() && !nothing.wanted));
            first.server_sig_algs = row.server_sig_algs;
            const bool is_sure = identities.keys.size() == 1 || identities.optimistic;
            if (row.algorithm.empty() && identities.keys.size() == 1) {
                CHECK_THROWS_AS(first.knows_algorithms(), Error);
                continue;
            } else if (row.algorithm.empty()) {
                const std::uint32_t other = identities.optimistic ? 0 : 1;
                CHECK(wants(first.knows_algorithms(), other, key(other)));
            } else if (is_sure) {
                const std::size_t index = identities.optimistic.value_or(0);
                CHECK(wants(first.knows_algorithms(), index, rsa, row.algorithm));
            } else {
                CHECK(asks(first.knows_algorithms(), rsa, row.algorithm));
            }
            const Step again = first.knows_algorithms();  // SERVICE_ACCEPT follows EXT_INFO
            CHECK((again.packet.empty() && !again.wanted));
        }
    }
}

TEST_CASE("the server's list filters no key but RSA ones: OpenSSH 7.2 lists those alone") {
    const PublicKey ecdsa = test::foreign_key("ecdsa-sha2-nistp256");
    Client client{alice({key(0), ecdsa, key(1)})};
    client.server_sig_algs = {"rsa-sha2-256", "rsa-sha2-512"};
    client.begins();
    CHECK(asks(client.fails(), ecdsa, "ecdsa-sha2-nistp256"));
    const Step last = client.fails();
    CHECK(wants(last, 2, key(1)));
    client.signs(last);
    client.succeeds();
}

TEST_CASE("a key whose signature takes long is asked about meanwhile, once") {
    Client client{alice({key(0), key(1)}, 0)};
    const Step step = client.begins();
    CHECK(client.userauth.query_meanwhile() == public_key_query("alice", ssh_ed25519, key(0)));
    CHECK(client.userauth.query_meanwhile().empty());
    CHECK(client.userauth.awaits_signature());

    // Signed before the answer is read: the request follows it.
    CHECK(client.signs(step).empty());
    CHECK_FALSE(client.userauth.is_optimistic());
    CHECK_THROWS_AS(client.succeeds(), ProtocolError);
    const Step request = client.pk_ok(key(0));
    CHECK_FALSE(request.wanted);
    Reader in{request.packet};
    in.raw(public_key_request("alice", ssh_ed25519, key(0)).size());
    CHECK(verify(key(0), ssh_ed25519, step.wanted->data, in.string()));
    in.expect_end();
    client.succeeds();
    CHECK(client.userauth.identity() == 0);
    CHECK(client.userauth.tried() == std::vector<std::size_t>{0});
}

TEST_CASE("a key that was asked about is not asked about while it signs") {
    Client client{alice({key(0), key(1)})};
    client.begins();
    const Step step = client.pk_ok(key(0));
    CHECK(client.userauth.query_meanwhile().empty());
    CHECK_FALSE(client.signs(step).empty());
}

TEST_CASE("a key that is refused while it signs makes room for the next") {
    Client client{alice({key(0), key(1)}, 0)};
    const Step step = client.begins();
    client.userauth.query_meanwhile();
    CHECK(client.signs(step).empty());
    const Step next = client.fails();
    CHECK(wants(next, 1, key(1)));
    CHECK_FALSE(client.signs(next).empty());
    client.succeeds();
    CHECK(client.userauth.identity() == 1);
}

TEST_CASE("a key that is declined while it is asked about makes room after the answer") {
    for (const bool taken : {false, true}) {
        CAPTURE(taken);
        Client client{alice({key(0), key(1)}, 0)};
        client.begins();
        client.userauth.query_meanwhile();
        const Step nothing = client.declines();
        CHECK((nothing.packet.empty() && !nothing.wanted));
        CHECK_FALSE(client.userauth.awaits_signature());
        const Step next = taken ? client.pk_ok(key(0)) : client.fails();
        CHECK(wants(next, 1, key(1)));
        CHECK_FALSE(client.signs(next).empty());
        client.succeeds();
    }
}
