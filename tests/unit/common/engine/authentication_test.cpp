#include <doctest/doctest.h>

#include "tests/unit/common/auth/user_keys.hpp"
#include "tests/unit/common/engine/walks.hpp"

using namespace culvert;
using namespace culvert::test;
using namespace std::chrono_literals;

namespace {

using S = ServerWalk::Stage;
using C = ClientWalk::Stage;
using Numbers = std::vector<int>;
using Keys = std::vector<std::shared_ptr<const PrivateKey>>;

template <class Event>
const Event* only_event(const Walk& walk) {
    return walk.events.size() == 1 ? std::get_if<Event>(&walk.events[0]) : nullptr;
}

ByteVector question(const PrivateKey& key) {
    return public_key_query("alice", ssh_ed25519, key.public_key());
}

ByteVector direct_tcpip() {
    ByteVector open = encoded(msg::ChannelOpen{"direct-tcpip", ChannelId{0}, 1000, 1000});
    encode_fields(msg::TcpipChannel{"target", 110, "127.0.0.1", 40000}, open);
    return open;
}

/// A server as its first words show it.
struct Shown {
    std::string_view version = our_version;
    Extensions extensions{.server_sig_algs = {}, .ping = false, .reset = true};
};

/// A client that has sent the query for its first key, or the request for its optimistic one.
class LoggingIn : public ClientWalk {
public:
    LoggingIn(const Keys& keys, std::optional<std::size_t> sure, const Shown& server = {})
        : ClientWalk{{}, StrictKex::yes, config(keys, sure), server.version}, keys_{keys} {
        go_to(C::deciding);
        engine.accept_host_key(start_time);
        poll();
        if (only_event<SignatureWanted>(*this) != nullptr) sign();
        peer.say_new_keys();
        peer.say(encode_ext_info(server.extensions));
        peer.say(msg::ServiceAccept{ssh_userauth});
        poll();
        if (only_event<SignatureWanted>(*this) != nullptr) sign();
        peer.listen();
    }

    void sign(TimePoint now = start_time) {
        const auto& wanted = std::get<SignatureWanted>(events.at(0));
        engine.provide_signature(keys_[wanted.identity]->sign(wanted.data), now);
    }

    void open_channel_ahead() {
        REQUIRE(engine.may_open_channels());
        engine.open(walk_target, user, start_time);
    }

    /// The kind of error in which the server's answer ends, if it ends in one.
    std::optional<ErrorKind> error_after(const msg::UserauthFailure& answer) {
        peer.say(answer);
        try {
            poll();
            return std::nullopt;
        } catch (const Error& error) {
            return error.kind();
        }
    }

private:
    static EngineConfig config(const Keys& keys, std::optional<std::size_t> sure) {
        EngineConfig config = client_config();
        config.identities.keys.clear();
        for (const auto& key : keys) config.identities.keys.push_back(key->public_key());
        config.identities.optimistic = sure;
        return config;
    }

    Keys keys_;
};

const msg::UserauthFailure refused{{"publickey"}, false};

}  // namespace

// ---------------------------------------------------------------------- the server

TEST_CASE("permissions follow from the verified key, whatever was asked before (attack 6)") {
    ServerWalk walk{{}, StrictKex::yes};
    walk.go_to(S::before_request);
    const Keys asked{user_key(), stranger_key(), make_key(4)};
    for (const auto& key : asked) {
        walk.peer.say(question(*key));
        walk.poll();
        const auto* const shown = only_event<PublicKeyRequest>(walk);
        REQUIRE(shown != nullptr);
        CHECK(shown->key == key->public_key());
        CHECK_FALSE(shown->verified);
        walk.engine.accept_key(start_time);  // they would all be taken
        CHECK(walk.poll().empty());
        CHECK(walk.peer.listen_for_numbers() == Numbers{msg::UserauthPkOk::number});
        CHECK_FALSE(walk.engine.authenticated());
    }

    walk.peer.say(walk.peer.signed_request(*stranger_key()));
    walk.poll();
    REQUIRE(only_event<PublicKeyRequest>(walk) != nullptr);
    CHECK(only_event<PublicKeyRequest>(walk)->verified);
    walk.engine.accept_key(start_time);
    walk.poll();
    const auto* const authenticated = only_event<Authenticated>(walk);
    REQUIRE(authenticated != nullptr);
    CHECK(authenticated->key == stranger_key()->public_key());
    CHECK(authenticated->user == "alice");
}

TEST_CASE("a signature counts for its own key, user and connection only (attack 7)") {
    ServerWalk other{{}, StrictKex::yes};
    other.go_to(S::before_request);
    ServerWalk walk{{}, StrictKex::yes, [] {
                        EngineConfig config = server_config();
                        config.transport.host_key = make_key(5)->public_key();
                        return config;
                    }()};
    walk.key_of_host = make_key(5);  // another session id
    walk.go_to(S::before_request);

    ByteVector by_another_key = public_key_request("alice", ssh_ed25519, user_key()->public_key());
    const ByteVector covered = signed_data(walk.peer.session_id(), by_another_key);
    Writer{by_another_key}.string(Bytes{stranger_key()->sign(covered)});

    ByteVector for_another_user =
        public_key_request("alice", ssh_ed25519, user_key()->public_key());
    const ByteVector bobs = signed_data(
        walk.peer.session_id(), public_key_request("bob", ssh_ed25519, user_key()->public_key()));
    Writer{for_another_user}.string(Bytes{user_key()->sign(bobs)});

    for (const ByteVector& request :
         {by_another_key, for_another_user, other.peer.signed_request(*user_key())}) {
        walk.peer.say(request);
        CHECK(walk.poll().empty());
        CHECK(walk.peer.listen_for_numbers() == Numbers{msg::UserauthFailure::number});
    }
}

TEST_CASE("a request is decided before the next packet is looked at") {
    ServerWalk accepted{{}, StrictKex::yes};
    accepted.go_to(S::before_request);
    accepted.peer.say(accepted.peer.signed_request(*user_key()));
    accepted.peer.say(direct_tcpip());
    accepted.poll();
    CHECK(only_event<PublicKeyRequest>(accepted) != nullptr);
    CHECK(accepted.poll().empty());
    CHECK(accepted.poll().empty());
    accepted.engine.accept_key(start_time);
    accepted.poll();
    REQUIRE(accepted.events.size() == 2);
    CHECK(std::holds_alternative<Authenticated>(accepted.events[0]));
    CHECK(std::holds_alternative<ChannelRequested>(accepted.events[1]));

    ServerWalk refusing{{}, StrictKex::yes};
    refusing.go_to(S::before_request);
    refusing.peer.say(refusing.peer.signed_request(*stranger_key()));
    refusing.peer.say(direct_tcpip());
    refusing.poll();
    CHECK(only_event<PublicKeyRequest>(refusing) != nullptr);
    refusing.engine.refuse_key();
    CHECK_THROWS_WITH_AS(refusing.poll(), "message 90 before authentication", ProtocolError);
    CHECK(refusing.events.empty());
    CHECK_FALSE(refusing.engine.authenticated());
}

TEST_CASE("who asks must stay the same user, for the same service (attack 5)") {
    for (const auto& [user, service] :
         {std::pair{"bob", ssh_connection}, std::pair{"alice", ssh_userauth}}) {
        ServerWalk walk{{}, StrictKex::yes};
        walk.go_to(S::before_request);
        walk.peer.say(msg::UserauthRequest{"alice", ssh_connection, "none"});
        CHECK(walk.poll().empty());
        walk.peer.say(msg::UserauthRequest{user, service, "none"});
        CHECK_THROWS_AS(walk.poll(), ProtocolError);
    }
}

TEST_CASE("tries and requests are counted (attack 20)") {
    struct Row {
        std::string_view name;
        bool is_signed;
        int most;
    };
    for (const Row& row : {Row{"signatures that aren't taken", true, 6},
                           Row{"questions about keys that aren't taken", false, 64}}) {
        CAPTURE(row.name);
        ServerWalk walk{{}, StrictKex::yes};
        walk.go_to(S::before_request);
        int requests = 0;
        try {
            for (; requests < 1000; ++requests) {
                walk.peer.say(row.is_signed ? walk.peer.signed_request(*stranger_key())
                                            : question(*stranger_key()));
                walk.poll();
                REQUIRE(only_event<PublicKeyRequest>(walk) != nullptr);
                walk.engine.refuse_key();
            }
        } catch (const ProtocolError& error) {
            CHECK(error.reason() == DisconnectReason::no_more_auth_methods_available);
        }
        // The last try ends it; of the requests, the first too many.
        CHECK(requests == (row.is_signed ? row.most - 1 : row.most));
    }
}

TEST_CASE("the service is asked for again before, between and after tries") {
    ServerWalk walk{{}, StrictKex::yes};
    walk.go_to(S::before_request);
    for (int i = 0; i < 2; ++i) {
        walk.peer.say(msg::ServiceRequest{ssh_userauth});
        walk.peer.say(walk.peer.signed_request(*stranger_key()));
        walk.poll();
        REQUIRE(only_event<PublicKeyRequest>(walk) != nullptr);
        walk.engine.refuse_key();
        CHECK(walk.peer.listen_for_numbers() == Numbers{6, 51});
    }
    walk.peer.say(msg::ServiceRequest{ssh_userauth});
    walk.peer.say(walk.peer.signed_request(*user_key()));
    walk.peer.say(msg::ServiceRequest{ssh_userauth});  // it hasn't heard yet
    walk.poll();
    walk.engine.accept_key(start_time);
    walk.poll();
    CHECK(only_event<Authenticated>(walk) != nullptr);
    CHECK(walk.peer.listen_for_numbers() == Numbers{6, 52, 3});
    CHECK(walk.engine.take_irregularity() == Irregularity::second_service_request);
    CHECK_FALSE(walk.engine.take_irregularity());
}

TEST_CASE("a server waits longer for the user of a key that it takes, once (docs/contract.md)") {
    ServerWalk walk{{}, StrictKex::yes};
    walk.go_to(S::before_request);
    CHECK(walk.engine.next_deadline() == start_time + 30s);
    walk.peer.say(question(*stranger_key()));
    walk.poll();
    walk.engine.refuse_key();
    CHECK(walk.engine.next_deadline() == start_time + 30s);
    for (const Duration after : {20s, 100s}) {
        walk.peer.say(question(*user_key()));
        walk.poll();
        walk.engine.accept_key(start_time + after);
        CHECK(walk.engine.next_deadline() == start_time + 20s + 120s);
    }
    CHECK_NOTHROW(walk.engine.on_time(start_time + 140s - 1ns));
    CHECK_THROWS_WITH_AS(walk.engine.on_time(start_time + 140s),
                         "no authentication with the key that was taken within 120 s",
                         ProtocolError);
}

TEST_CASE("a longer login grace isn't cut by the one for a key") {
    EngineConfig config = server_config();
    config.login.grace = 300s;
    ServerWalk walk{{}, StrictKex::yes, config};
    walk.go_to(S::before_request);
    walk.peer.say(question(*user_key()));
    walk.poll();
    walk.engine.accept_key(start_time + 1s);
    CHECK(walk.engine.next_deadline() == start_time + 300s);
}

// ---------------------------------------------------------------------- the client

TEST_CASE("channels go ahead of USERAUTH_SUCCESS only to servers that are known to take them") {
    const Extensions silent{};
    const Extensions lists{.server_sig_algs = {"ssh-ed25519"}, .ping = true, .reset = false};
    struct Row {
        std::string_view version;
        Extensions extensions;
        bool takes;
    };
    for (const Row& row : {
             Row{our_version, {.server_sig_algs = {}, .ping = true, .reset = true}, true},
             Row{our_version, silent, false},
             Row{"SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3", lists, true},
             Row{"SSH-2.0-OpenSSH_for_Windows_9.5", lists, true},
             Row{"SSH-2.0-OpenSSH_6.6.1", silent, true},
             Row{"SSH-2.0-dropbear_2022.83", lists, true},
             Row{"SSH-2.0-dropbear", lists, true},
             Row{"SSH-2.0-AsyncSSH_2.10.1", lists, false},
             Row{"SSH-2.0-ssh2js1.15.0srv", silent, false},
             Row{"SSH-2.0-paramiko_3.0", silent, false},
             Row{"SSH-2.0-libssh_0.10.6", lists, false},
             Row{"SSH-2.0-Go", lists, false},
             Row{"SSH-2.0-Twisted_22.4.0 OpenSSH_9.2", silent, false},
             Row{"SSH-2.0-x-OpenSSH_9.2", silent, false},
         }) {
        CAPTURE(row.version);
        LoggingIn client{{user_key()}, {}, {row.version, row.extensions}};
        CHECK(client.engine.may_open_channels() == row.takes);
        client.peer.say(msg::UserauthSuccess{});
        client.poll();
        CHECK(client.engine.may_open_channels());
    }
}

TEST_CASE("a libssh server sees no request ahead of its SERVICE_ACCEPT") {
    for (const auto& [version, waits] :
         {std::pair{"SSH-2.0-libssh_0.10.6", true}, std::pair{"SSH-2.0-libssh-0.6.3", true},
          std::pair{"SSH-2.0-OpenSSH_9.2 libssh", false}, std::pair{"SSH-2.0-Go", false}}) {
        CAPTURE(version);
        ClientWalk walk{{}, StrictKex::yes, client_config(), version};
        walk.go_to(C::deciding);
        walk.engine.accept_host_key(start_time);
        walk.poll();
        CHECK((only_event<SignatureWanted>(walk) == nullptr) == waits);
        if (!waits) continue;
        CHECK(walk.peer.listen_for_numbers() == std::vector{21, 7, 5});
        walk.peer.say_new_keys();
        walk.peer.say(encode_ext_info({.server_sig_algs = {"ssh-ed25519"}}));
        walk.poll();
        CHECK(walk.events.empty());
        walk.peer.say(msg::ServiceAccept{ssh_userauth});
        walk.poll();
        const auto* const wanted = only_event<SignatureWanted>(walk);
        REQUIRE(wanted != nullptr);
        walk.engine.provide_signature(user_key()->sign(wanted->data), start_time);
        CHECK(walk.peer.listen_for_numbers() == std::vector{50});
    }
}

TEST_CASE("the time that an agent takes doesn't count") {
    ClientWalk walk{{}, StrictKex::yes, client_config()};
    walk.go_to(C::deciding);
    walk.engine.accept_host_key(start_time + 10s);
    walk.poll();
    REQUIRE(only_event<SignatureWanted>(walk) != nullptr);
    CHECK(walk.engine.next_deadline() == std::nullopt);
    CHECK_NOTHROW(walk.engine.on_time(start_time + 1h));
    const auto& wanted = std::get<SignatureWanted>(walk.events[0]);
    walk.engine.provide_signature(user_key()->sign(wanted.data), start_time + 1h);
    CHECK(walk.engine.next_deadline() == start_time + 1h + 30s);
}

TEST_CASE("a server hears of the key whose signature takes long, then gets the request") {
    for (const bool signed_first : {true, false}) {
        CAPTURE(signed_first);
        ClientWalk walk{{}, StrictKex::yes, client_config()};
        walk.go_to(C::deciding);
        walk.engine.accept_host_key(start_time);
        walk.poll();
        const auto wanted = std::get<SignatureWanted>(walk.events.at(0));
        walk.engine.query_while_signing();
        CHECK(walk.peer.listen_for_numbers() == Numbers{21, 7, 5, 50});
        walk.peer.say_new_keys();
        walk.peer.say(msg::ServiceAccept{ssh_userauth});
        CHECK(walk.poll().empty());  // nothing is read before the signature is there
        const auto take_key = [&] {
            walk.peer.say(msg::UserauthPkOk{ssh_ed25519, user_key()->public_key().blob()});
        };
        if (!signed_first) take_key();
        walk.engine.provide_signature(user_key()->sign(wanted.data), start_time + 35s);
        CHECK(walk.peer.listen_for_numbers().empty());
        if (signed_first) take_key();
        CHECK(walk.poll().empty());
        CHECK(walk.peer.listen_for_numbers() == Numbers{50});
        walk.peer.say(msg::UserauthSuccess{});
        walk.poll();
        CHECK(only_event<Authenticated>(walk) != nullptr);
    }
}

TEST_CASE("a first key that is an RSA one waits for the server's list, or for its absence") {
    struct Row {
        std::string_view name;
        std::optional<NameList> listed;
        std::string_view algorithm;
    };
    for (const Row& row : {Row{"both", NameList{"rsa-sha2-512", "rsa-sha2-256"}, "rsa-sha2-512"},
                           Row{"one", NameList{"rsa-sha2-256"}, "rsa-sha2-256"},
                           Row{"no list", std::nullopt, "rsa-sha2-512"}}) {
        CAPTURE(row.name);
        EngineConfig config = client_config();
        config.identities.keys = {foreign_key("ssh-rsa")};
        ClientWalk walk{{}, StrictKex::yes, config};
        walk.go_to(C::deciding);
        walk.engine.accept_host_key(start_time);
        CHECK(walk.poll().empty());
        CHECK(walk.peer.listen_for_numbers() == Numbers{21, 7, 5});
        walk.peer.say_new_keys();
        if (row.listed) {
            walk.peer.say(
                encode_ext_info({.server_sig_algs = *row.listed, .ping = false, .reset = false}));
        } else {
            CHECK(walk.poll().empty());
            walk.peer.say(msg::ServiceAccept{ssh_userauth});
        }
        walk.poll();
        REQUIRE(only_event<SignatureWanted>(walk) != nullptr);
        CHECK(std::get<SignatureWanted>(walk.events[0]).algorithm == row.algorithm);
    }
}

TEST_CASE("a refused key with channels behind its request ends in an authentication error") {
    LoggingIn last{{user_key()}, {}};
    last.open_channel_ahead();
    CHECK(last.error_after(refused) == ErrorKind::authentication);

    LoggingIn sure{{stranger_key(), user_key()}, 1};
    sure.open_channel_ahead();
    CHECK(sure.error_after(refused) == ErrorKind::authentication);
}

TEST_CASE("a sure key that is refused with nothing behind it is followed by the others") {
    LoggingIn client{{stranger_key(), user_key()}, 1};
    CHECK(client.error_after(refused) == std::nullopt);
    REQUIRE(only_event<SignatureWanted>(client) != nullptr);
    CHECK(std::get<SignatureWanted>(client.events[0]).identity == 0);
    client.sign();
    CHECK(client.error_after(refused) == ErrorKind::authentication);
}

TEST_CASE("nothing is sure about a key that is asked about first") {
    LoggingIn client{{user_key(), stranger_key()}, {}};
    CHECK_FALSE(client.engine.may_open_channels());
    client.peer.say(msg::UserauthPkOk{ssh_ed25519, user_key()->public_key().blob()});
    client.poll();
    client.sign();
    CHECK_FALSE(client.engine.may_open_channels());
    client.peer.say(msg::UserauthSuccess{});
    client.poll();
    CHECK(only_event<Authenticated>(client) != nullptr);
    CHECK(client.engine.may_open_channels());
}

TEST_CASE("a key that can't sign after all is skipped") {
    LoggingIn client{{user_key(), stranger_key()}, {}};
    client.peer.say(msg::UserauthPkOk{ssh_ed25519, user_key()->public_key().blob()});
    client.poll();
    REQUIRE(only_event<SignatureWanted>(client) != nullptr);
    client.engine.decline_signature(start_time);
    client.poll();
    REQUIRE(only_event<SignatureWanted>(client) != nullptr);
    CHECK(std::get<SignatureWanted>(client.events[0]).identity == 1);
    CHECK_THROWS_AS(client.engine.decline_signature(start_time), Error);
}

TEST_CASE("a server that wants more than a key, or no key at all, is told apart") {
    LoggingIn more{{user_key()}, {}};
    CHECK(more.error_after({{"publickey", "password"}, true}) == ErrorKind::authentication);
    LoggingIn none{{user_key(), stranger_key()}, {}};
    CHECK(none.error_after({{"password"}, false}) == ErrorKind::authentication);
}

TEST_CASE("without a key a client gives up before it asks") {
    EngineConfig config = client_config();
    config.identities.keys.clear();
    ClientWalk walk{{}, StrictKex::yes, config};
    walk.go_to(C::deciding);
    CHECK_THROWS_AS(walk.engine.accept_host_key(start_time), Error);
}

TEST_CASE("banners are shown, and bounded (attack 20)") {
    LoggingIn client{{user_key()}, {}};
    const std::string text(5000, 'x');
    for (int i = 0; i < 3; ++i) {
        client.peer.say(msg::UserauthBanner{text, "en"});
        client.poll();
        REQUIRE(only_event<BannerReceived>(client) != nullptr);
        CHECK(only_event<BannerReceived>(client)->text == text);
    }
    client.peer.say(msg::UserauthBanner{text, "en"});
    CHECK_THROWS_AS(client.poll(), ProtocolError);
}
