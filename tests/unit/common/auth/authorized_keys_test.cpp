#include "common/auth/authorized_keys.hpp"

#include <string>

#include <doctest/doctest.h>

#include "common/base/error.hpp"
#include "tests/unit/common/keys/key_vectors.hpp"

using namespace culvert;
using std::chrono::system_clock;

namespace {

const std::string key_1{test::openssh_1_pub};
const std::string key_2{test::openssh_2_pub};

PublicKey public_key(const std::string& line) { return parse_public_key_line(line).key; }
IpAddress address(std::string_view text) { return IpAddress::parse(text).value(); }

const system_clock::time_point now = system_clock::from_time_t(1'700'000'000);  // 2023-11-14

AuthorizedKey parse(const std::string& options) {
    return parse_authorized_key(options + " " + key_1).value();
}

}  // namespace

TEST_CASE("a line is blank, a comment, or options, key and comment (sshd(8))") {
    for (const std::string line : {"", "   ", "\t\r", "# ssh-ed25519 AAAA", "  # x"}) {
        CAPTURE(line);
        CHECK(!parse_authorized_key(line));
    }
    const auto plain = parse_authorized_key("  " + key_1 + " \r");
    REQUIRE(plain);
    CHECK(plain->key == public_key(key_1));
    CHECK(plain->comment == "ED25519 test key #1");
    CHECK(plain->permissions == KeyPermissions{});
    CHECK(!plain->refused);

    const auto rsa = parse_authorized_key(test::rsa_pub);
    REQUIRE(rsa);
    CHECK(rsa->key.algorithm() == "ssh-rsa");
}

TEST_CASE("what is no line of such a file") {
    for (const std::string& line : {
             std::string{"ssh-ed25519"},
             std::string{"ssh-ed25519 AAAA"},
             std::string{"ssh-ed25519 !!!!"},
             "ssh-rsa " + key_1.substr(12),
             std::string{"restrict"},
             std::string{"1024 35 1234567890"},
             "two words " + key_1,
             "from=\"10.0.0.1 " + key_1,
             "restrict " + key_1.substr(12),
             std::string{"-----BEGIN OPENSSH PRIVATE KEY-----"},
             std::string(20'000, 'a'),
         }) {
        CAPTURE(line);
        CHECK_THROWS_AS(parse_authorized_key(line), Error);
    }
}

TEST_CASE("permissions come from the options, in their order") {
    using Targets = std::vector<PermittedTarget>;
    struct Row {
        std::string options;
        KeyPermissions permissions;
    };
    const Targets any;
    for (const Row& row : {
             Row{"restrict", {false, any, any}},
             Row{"no-port-forwarding", {false, any, any}},
             Row{"restrict,port-forwarding", {true, any, any}},
             Row{"port-forwarding,restrict", {false, any, any}},
             Row{"RESTRICT,Port-Forwarding", {true, any, any}},
             Row{"permitopen=\"pop3.example.com:110\"", {true, {{"pop3.example.com", 110}}, any}},
             Row{"permitopen=\"a:1\",permitopen=\"[::1]:*\"",
                 {true, {{"a", 1}, {"::1", std::nullopt}}, any}},
             Row{"permitopen=\"*:80\"", {true, {{"*", 80}}, any}},
             Row{"permitlisten=\"8080\",permitlisten=\"localhost:*\"",
                 {true, any, {{"*", 8080}, {"localhost", std::nullopt}}}},
             Row{"no-pty,no-X11-forwarding,no-agent-forwarding,no-user-rc", {true, any, any}},
             Row{"pty,x11-forwarding,agent-forwarding,user-rc,no-touch-required", {true, any, any}},
             Row{"command=\"echo \\\"hi, there\\\"\",environment=\"A=b\",tunnel=\"0\"",
                 {true, any, any}},
         }) {
        CAPTURE(row.options);
        const AuthorizedKey key = parse(row.options);
        CHECK(!key.refused);
        CHECK(key.permissions == row.permissions);
        CHECK(key.key == public_key(key_1));
    }
}

TEST_CASE("an option that might be a restriction we don't know refuses the key (attacks 19)") {
    for (const std::string options : {
             "verify-required",
             "principals=\"alice\"",
             "no-such-option",
             "restrict,unknown",
             "restrict=\"yes\"",
             "no-pty=\"x\"",
             "permitopen",
             "from",
             "command",
             "permitopen=\"host\"",
             "permitopen=\"host:0\"",
             "permitopen=\":1\"",
             "permitopen=\"host:65536\"",
             "permitopen=\"[::1]\"",
             "permitopen=\"\"",
             "permitopen=host:1",
             "permitlisten=\"x\"",
             "from=\"10.0.0.1/8\"",
             "from=\"10.0.0.1\",from=\"10.0.0.2\"",
             "expiry-time=\"2023\"",
             "expiry-time=\"20230230\"",
             "expiry-time=\"20231301\"",
             "expiry-time=\"202301012460\"",
             "expiry-time=\"20230101T\"",
             "expiry-time=\"\"",
             "restrict,",
             ",restrict",
             "from=\"10.0.0.1\"x",
             "cert-authority",
             "cert-authority,permitopen=\"a:1\"",
         }) {
        CAPTURE(options);
        const AuthorizedKey key = parse(options);
        CHECK(key.refused);
        CHECK(why_refused(key, address("10.0.0.1"), now));
    }
}

TEST_CASE("permitopen is literal, as OpenSSH means it") {
    const PermittedTarget target{"localhost", 80};
    CHECK(target.allows("localhost", 80));
    CHECK(!target.allows("localhost", 81));
    CHECK(!target.allows("localhost", 65'536 + 80));
    CHECK(!target.allows("LOCALHOST", 80));
    CHECK(!target.allows("localhost.", 80));
    CHECK(!target.allows("127.0.0.1", 80));
    CHECK(PermittedTarget{"*", 80}.allows("anything", 80));
    CHECK(PermittedTarget{"a", std::nullopt}.allows("a", 1));
}

TEST_CASE("from says which addresses a key comes from") {
    struct Row {
        std::string list;
        std::string peer;
        bool allowed;
    };
    for (const Row& row : {
             Row{"10.0.0.1", "10.0.0.1", true},
             Row{"10.0.0.1", "10.0.0.2", false},
             Row{"10.0.0.1", "::ffff:10.0.0.1", true},
             Row{"10.0.0.0/8", "10.9.9.9", true},
             Row{"10.0.0.0/8", "11.0.0.1", false},
             Row{"10.0.0.*", "10.0.0.77", true},
             Row{"10.0.0.?", "10.0.0.77", false},
             Row{"192.168.0.0/16,10.0.0.0/8", "10.1.1.1", true},
             Row{"!10.0.0.5,10.0.0.0/8", "10.0.0.5", false},
             Row{"10.0.0.0/8,!10.0.0.5", "10.0.0.5", false},
             Row{"!10.0.0.5,10.0.0.0/8", "10.0.0.6", true},
             Row{"!10.0.0.5", "10.0.0.6", false},
             Row{"2001:DB8::/32", "2001:db8::7", true},
             Row{"2001:db8:*", "2001:db8::7", true},
             Row{"*", "2001:db8::7", true},
             Row{"*.example.com", "10.0.0.1", false},
             Row{"gw.example.com", "10.0.0.1", false},
             Row{"", "10.0.0.1", false},
             Row{",", "10.0.0.1", false},
         }) {
        CAPTURE(row.list);
        CAPTURE(row.peer);
        const AuthorizedKey key = parse("from=\"" + row.list + "\"");
        CHECK(why_refused(key, address(row.peer), now).has_value() == !row.allowed);
    }
}

TEST_CASE("expiry-time ends a key") {
    struct Row {
        std::string options;
        bool allowed;
    };
    // now is 2023-11-14 22:13:20 UTC
    for (const Row& row : {
             Row{"expiry-time=\"20231114221320Z\"", false},
             Row{"expiry-time=\"16000101\"", false},  // before the clock's first day
             Row{"expiry-time=\"06400202\"", false},
             Row{"expiry-time=\"00010101\"", false},
             Row{"expiry-time=\"20231114221321Z\"", true},
             Row{"expiry-time=\"202311142213Z\"", false},
             Row{"expiry-time=\"202311142214Z\"", true},
             Row{"expiry-time=\"20231114Z\"", false},
             Row{"expiry-time=\"20231115Z\"", true},
             Row{"expiry-time=\"20231120\"", true},
             Row{"expiry-time=\"20231101\"", false},
             Row{"expiry-time=\"99991231\"", true},
             Row{"expiry-time=\"20991231\",expiry-time=\"20231101\"", false},
             Row{"expiry-time=\"20231101\",expiry-time=\"20991231\"", false},
             Row{"expiry-time=\"20240229Z\"", true},
         }) {
        CAPTURE(row.options);
        CHECK(why_refused(parse(row.options), address("10.0.0.1"), now).has_value() != row.allowed);
    }
}

TEST_CASE("a file is searched for the first line that lets the key in") {
    const IpAddress peer = address("10.0.0.1");
    const PublicKey wanted = public_key(key_1);

    const std::string listed = "# keys\r\n" + key_2 + "\n\nrestrict " + key_1 + "\n" + key_1;
    auto search = search_authorized_keys(listed, wanted, peer, now);
    REQUIRE(search.allowed);
    CHECK(!search.allowed->port_forwarding);
    CHECK(search.warnings.empty());

    search = search_authorized_keys(key_2 + "\n" + std::string{test::rsa_pub}, wanted, peer, now);
    CHECK(!search.allowed);
    CHECK(search.warnings.empty());

    search = search_authorized_keys(
        "from=\"192.0.2.1\" " + key_1 + "\nmystery " + key_1 + "\npermitopen=\"a:1\" " + key_1,
        wanted, peer, now);
    REQUIRE(search.allowed);
    CHECK(search.allowed->permit_open.size() == 1);
    REQUIRE(search.warnings.size() == 2);
    CHECK(search.warnings[0] == "line 1: not from 10.0.0.1 (from=\"192.0.2.1\")");
    CHECK(search.warnings[1] == "line 2: unknown option mystery, which may be a restriction");

    CHECK(!search_authorized_keys("", wanted, peer, now).allowed);
    CHECK(!search_authorized_keys("#" + key_1, wanted, peer, now).allowed);
    CHECK(!search_authorized_keys("cert-authority " + key_1, wanted, peer, now).allowed);
    // The key in another one's comment lets nobody in.
    CHECK(!search_authorized_keys(key_2 + " " + key_1, wanted, peer, now).allowed);
    // A longer file than memory likes is no reason to read lines that aren't ours.
    CHECK(search_authorized_keys(std::string(1 << 20, '\n') + key_1, wanted, peer, now).allowed);
}

TEST_CASE("two keys on one line: the second one counts as a comment, which is said") {
    // What joining files makes of one without a newline at its end, and folding of a YAML text.
    const std::string first = key_1 + "@laptop";
    const std::string reason = "each key needs a line of its own";
    for (const std::string& line : {first + key_2, first + " " + key_2, first + "\r" + key_2,
                                    "restrict " + first + "from=\"10.0.0.1\" " + key_2,
                                    first + "ecdsa-sha2-nistp256 " + std::string(40, 'A')}) {
        CAPTURE(line);
        const auto found = parse_authorized_key(line);
        REQUIRE(found);
        CHECK(found->key == public_key(key_1));
        REQUIRE(why_second_key_is_lost(*found));
        CHECK(why_second_key_is_lost(*found)->find(reason) != std::string::npos);
    }
    for (const std::string& line : {key_1, first, key_1 + " ssh-ed25519 key of alice",
                                    key_1 + " replaces ssh-ed25519 AAAA"}) {
        CAPTURE(line);
        CHECK(!why_second_key_is_lost(*parse_authorized_key(line)));
    }
    // Without a comment the types stick to the base64.
    const std::string bare = key_1.substr(0, key_1.find(' ', key_1.find(' ') + 1));
    CHECK_THROWS_WITH_AS(parse_authorized_key(bare + key_2), doctest::Contains(reason.c_str()),
                         Error);

    const auto search = [&](const std::string& text, const std::string& key) {
        return search_authorized_keys(text, public_key(key), address("10.0.0.1"), now);
    };
    CHECK(search("\n" + first + key_2 + "\n", key_1).allowed);
    CHECK(search("\n" + first + key_2 + "\n", key_1).warnings.empty());
    for (const std::string& line : {first + key_2, bare + key_2}) {
        CAPTURE(line);
        const auto second = search("\n" + line + "\n", key_2);
        CHECK(!second.allowed);
        REQUIRE(second.warnings.size() == 1);
        CHECK(second.warnings[0].starts_with("line 2: "));
        CHECK(second.warnings[0].find(reason) != std::string::npos);
    }
    CHECK(search(first + key_2 + "\n" + key_2, key_2).allowed);
}
