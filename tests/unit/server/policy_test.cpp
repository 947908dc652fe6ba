#include "server/policy.hpp"

#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "common/base/error.hpp"

using namespace culvert;

namespace {

IpAddress address(std::string_view text) { return IpAddress::parse(text).value(); }

std::vector<OpenRule> rules(const std::vector<std::string>& texts) {
    std::vector<OpenRule> all;
    for (const std::string& text : texts) all.push_back(OpenRule::parse(text));
    return all;
}

const KeyPermissions any_key;

bool allowed(const std::vector<std::string>& texts, const std::string& host, std::uint32_t port,
             const std::string& resolved, const KeyPermissions& key = any_key) {
    return !why_denied(key, rules(texts), {host, port}, address(resolved));
}

/// Would the name be resolved at all?
bool resolved(const std::vector<std::string>& texts, const std::string& host, std::uint32_t port,
              const KeyPermissions& key = any_key) {
    return !why_denied(key, rules(texts), {host, port});
}

}  // namespace

TEST_CASE("what a rule allows (docs/contract.md, what may be opened)") {
    struct Row {
        std::string rule;
        std::string host;
        std::uint32_t port;
        std::string resolved;
        bool allowed;
    };
    for (const Row& row : {
             // any host, the machine itself included
             Row{"*:*", "anything.example.com", 80, "203.0.113.1", true},
             Row{"*:*", "localhost", 22, "127.0.0.1", true},
             Row{"*:*", "127.1", 22, "127.0.0.1", true},
             Row{"*:80", "h", 80, "203.0.113.1", true},
             Row{"*:80", "h", 81, "203.0.113.1", false},
             Row{"*:pop3", "h", 110, "203.0.113.1", true},
             // a name
             Row{"pop3.example.com:110", "pop3.example.com", 110, "203.0.113.1", true},
             Row{"pop3.example.com:110", "pop3.example.com", 111, "203.0.113.1", false},
             Row{"pop3.example.com:110", "pop3.example.com.", 110, "203.0.113.1", true},
             Row{"pop3.example.com.:110", "pop3.example.com", 110, "203.0.113.1", true},
             Row{"pop3.example.com:110", "POP3.Example.COM", 110, "203.0.113.1", true},
             Row{"POP3.example.com:110", "pop3.example.com", 110, "203.0.113.1", true},
             Row{"pop3.example.com:110", "pop3.example.com..", 110, "203.0.113.1", false},
             Row{"pop3.example.com:110", "xpop3.example.com", 110, "203.0.113.1", false},
             Row{"pop3.example.com:110", "203.0.113.1", 110, "203.0.113.1", false},
             Row{"pop3.example.com:*", "pop3.example.com", 9, "203.0.113.1", true},
             // a name written out means what it resolves to, whatever that is
             Row{"localhost:80", "localhost", 80, "127.0.0.1", true},
             Row{"localhost:80", "localhost", 80, "::1", true},
             Row{"intra.example.com:80", "intra.example.com", 80, "127.0.0.1", true},
             // networks, by the resolved address
             Row{"10.0.0.0/8:*", "10.1.2.3", 80, "10.1.2.3", true},
             Row{"10.0.0.0/8:*", "10.1.2.3", 80, "11.1.2.3", false},
             Row{"10.0.0.0/8:*", "db.example.com", 80, "10.1.2.3", true},
             Row{"10.0.0.0/8:*", "db.example.com", 80, "203.0.113.1", false},
             Row{"10.0.0.0/8:*", "db.example.com", 80, "127.0.0.1", false},
             Row{"10.0.0.0/8:*", "::ffff:10.1.2.3", 80, "::ffff:10.1.2.3", true},
             Row{"10.0.0.0/8:*", "167838211", 80, "10.1.2.3", true},
             Row{"127.0.0.1:80", "127.0.0.1", 80, "127.0.0.1", true},
             Row{"127.0.0.1:80", "localhost", 80, "127.0.0.1", true},
             Row{"127.0.0.1:80", "localhost", 80, "::1", false},
             Row{"127.0.0.1:80", "rebound.example.com", 80, "127.0.0.2", false},
             Row{"[::1]:80", "::1", 80, "::1", true},
             Row{"[2001:db8::]/32:443", "h", 443, "2001:db8::7", true},
             Row{"[2001:db8::/32]:443", "h", 443, "2001:db8::7", true},
             Row{"[2001:db8::]/32:443", "h", 443, "2001:db9::7", false},
             Row{"0.0.0.0/0:*", "h", 443, "2001:db8::7", false},
             Row{"0.0.0.0/0:*", "localhost", 443, "127.0.0.1", true},
             // patterns of names
             Row{"*.example.com:80", "www.example.com", 80, "203.0.113.1", true},
             Row{"*.example.com:80", "www.example.com.", 80, "203.0.113.1", true},
             Row{"*.example.com:80", "WWW.EXAMPLE.COM", 80, "203.0.113.1", true},
             Row{"*.example.com:80", "example.com", 80, "203.0.113.1", false},
             Row{"*.example.com:80", "www.example.com.evil.org", 80, "203.0.113.1", false},
             Row{"*.example.com:80", "www.example.com", 80, "10.0.0.1", true},
             Row{"db?:5432", "db1", 5432, "10.0.0.1", true},
             Row{"db?:5432", "db12", 5432, "10.0.0.1", false},
         }) {
        CAPTURE(row.rule);
        CAPTURE(row.host);
        CAPTURE(row.resolved);
        CHECK(allowed({row.rule}, row.host, row.port, row.resolved) == row.allowed);
    }
}

TEST_CASE("no name pattern reaches the machine itself, however it is spelt (attacks 17)") {
    for (const std::string rule :
         {"*.example.com:*", "*o*:*", "l*:*", "*.*t*:*", "*host*:*", "?*c*:*"}) {
        for (const std::string host : {"www.example.com", "localhost", "localhost.", "LOCALHOST",
                                       "local.host.example.com", "xn--lcalhost-b1a.example.com"}) {
            for (const std::string target :
                 {"127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1", "0.0.0.0", "::", "0.0.0.1",
                  "169.254.169.254", "fe80::1", "224.0.0.1", "ff02::1", "255.255.255.255",
                  "::127.0.0.1", "::ffff:0.0.0.0", "::ffff:169.254.169.254"}) {
                CAPTURE(rule);
                CAPTURE(host);
                CAPTURE(target);
                CHECK(!allowed({rule}, host, 80, target));
            }
        }
    }
}

TEST_CASE("an address in any spelling is no name (attacks 17)") {
    // Each is taken for an address by getaddrinfo, so that a name pattern must not match it.
    for (const std::string host : {"127.1", "0", "0x7f000001", "2130706433", "0177.0.0.1",
                                   "127.0.0.1", "::1", "::ffff:1.2.3.4", "::ffff:127.0.0.1",
                                   "fe80::1%eth0", "1.2.3.4", "0x1.2.3.4", "16909060"}) {
        for (const std::string rule : {"*a*:*", "1*.3.x4:*", "*x*:*", "*.example.com:*", "?x*:*"}) {
            CAPTURE(host);
            CAPTURE(rule);
            CHECK(!resolved({rule}, host, 80));
            CHECK(!allowed({rule}, host, 80, "1.2.3.4"));
        }
        CHECK(!allowed({"10.0.0.0/8:*", "pop3.example.com:110"}, host, 80, "127.0.0.1"));
    }
}

TEST_CASE("an address rule lets a pattern's name reach the machine, and only there") {
    const std::vector<std::string> both{"*.example.com:80", "127.0.0.1:80"};
    CHECK(allowed(both, "www.example.com", 80, "127.0.0.1"));
    CHECK(!allowed(both, "www.example.com", 80, "127.0.0.2"));
    CHECK(!allowed(both, "www.example.com", 80, "::1"));
}

TEST_CASE("ports and names that are none (RFC 4254 7.2)") {
    for (const std::uint32_t port : {0U, 65'536U, 65'536U + 80, 0xffff'ffffU}) {
        CAPTURE(port);
        CHECK(!resolved({"*:*"}, "h", port));
        CHECK(!resolved({"*:80"}, "h", port));
    }
    const std::string with_nul{"h\0.example.com", 14};
    for (const std::string& host :
         {std::string{}, std::string{" "}, std::string{"a b"}, std::string{"a\n"}, with_nul,
          std::string{"\x7f"}, std::string{"h\xc3\xb6st"}, std::string(256, 'h')}) {
        CAPTURE(host);
        CHECK(!resolved({"*:*"}, host, 80));
        CHECK(!allowed({"*:*"}, host, 80, "203.0.113.1"));
    }
}

TEST_CASE("no name is resolved that no rule could allow") {
    CHECK(!resolved({}, "h", 80));
    CHECK(!resolved({"other:80"}, "h", 80));
    CHECK(!resolved({"*.example.com:80"}, "h.example.org", 80));
    CHECK(!resolved({"10.0.0.0/8:80"}, "h", 81));
    CHECK(!resolved({"10.0.0.0/8:80"}, "11.0.0.1", 80));
    CHECK(resolved({"10.0.0.0/8:80"}, "h", 80));
    CHECK(resolved({"10.0.0.0/8:80"}, "10.0.0.1", 80));
    CHECK(resolved({"*.example.com:80"}, "localhost.example.com", 80));
}

TEST_CASE("the key's permitopen has to allow too, to the letter (attacks 17)") {
    KeyPermissions key;
    key.permit_open = {{"pop3.example.com", 110}, {"127.0.0.1", std::nullopt}};
    CHECK(allowed({"*:*"}, "pop3.example.com", 110, "203.0.113.1", key));
    CHECK(allowed({"*:*"}, "127.0.0.1", 5, "127.0.0.1", key));
    for (const std::string host : {"POP3.example.com", "pop3.example.com.", "203.0.113.1", "127.1",
                                   "localhost", "::ffff:127.0.0.1"}) {
        CAPTURE(host);
        CHECK(!resolved({"*:*"}, host, 110, key));
    }
    CHECK(!resolved({"*:*"}, "pop3.example.com", 111, key));
    CHECK(!resolved({"*:*"}, "pop3.example.com", 65'536 + 110, key));
    CHECK(!allowed({"10.0.0.0/8:*"}, "pop3.example.com", 110, "203.0.113.1", key));

    key.permit_open = {{"*", 110}};
    CHECK(allowed({"*:*"}, "anything", 110, "127.0.0.1", key));
    CHECK(!resolved({"*:*"}, "anything", 111, key));

    KeyPermissions restricted;
    restricted.port_forwarding = false;
    restricted.permit_open = {{"h", 80}};
    CHECK(!resolved({"*:*"}, "h", 80, restricted));
}

TEST_CASE("a denial names what denied it") {
    const auto why = [](const std::vector<std::string>& texts, const std::string& host,
                        const std::string& to) {
        return why_denied(any_key, rules(texts), {host, 80}, address(to)).value_or("allowed");
    };
    CHECK(why({"a:80"}, "b", "203.0.113.1") == "not in the user's permit_open");
    CHECK(why({"x:1", "10.0.0.0/8:80"}, "b", "203.0.113.1") ==
          "permit_open '10.0.0.0/8:80' doesn't hold 203.0.113.1");
    CHECK(why({"*.example.com:80"}, "b.example.com", "127.0.0.1") ==
          "permit_open '*.example.com:80' doesn't reach 127.0.0.1, a loopback, link-local, "
          "unspecified or multicast address");
    CHECK(why_denied(any_key, rules({"*:*"}), {"h", 65'616}) == "65616 is not a TCP port");
    KeyPermissions key;
    key.permit_open = {{"a", 1}};
    CHECK(why_denied(key, rules({"*:*"}), {"b", 1}) == "not in the key's permitopen");
}

TEST_CASE("what is no rule") {
    for (const std::string text : {
             "",
             "host",
             ":80",
             "host:",
             "host:0",
             "host:65536",
             "host:nosuchservice",
             "::1:80",
             "2001:db8::/32:80",
             "[::1]",
             "[::1:80",
             "[::1]x:80",
             "[host]:80",
             "[]:80",
             "10.0.0.1/8:80",
             "10.0.0.0/33:80",
             "10.0.0.0/:80",
             "host/8:80",
             "10.0.0.*:80",
             "10.*:80",
             "**:80",
             "?:80",
             "127.1:80",
             "0:80",
             "a b:80",
             "a\n:80",
         }) {
        CAPTURE(text);
        CHECK_THROWS_AS(OpenRule::parse(text), Error);
    }
}

TEST_CASE("a rule whose host no target can have says what is wrong with it") {
    struct Row {
        std::string rule;
        std::string why;
    };
    for (const Row& row : {
             Row{"db,web:80", "it has ',' in it"},
             Row{"user@db:22", "it has '@' in it"},
             Row{"!db:80", "it has '!' in it"},
             Row{"*.example.com;db:80", "it has ';' in it"},
             Row{"\"db\":80", "it has '\"' in it"},
             Row{"{a,b}.example.com:80", "it has '{' in it"},
             Row{"db :80", "it ends with a blank"},
             Row{"b\u00fccher.example:80", "characters beyond ASCII"},
             Row{std::string(256, 'a') + ":80", "it has more than 255 characters"},
         }) {
        CAPTURE(row.rule);
        CHECK_THROWS_WITH_AS(OpenRule::parse(row.rule), doctest::Contains("not a host name: "),
                             Error);
        CHECK_THROWS_WITH_AS(OpenRule::parse(row.rule), doctest::Contains(row.why.c_str()), Error);
    }
    CHECK_NOTHROW(OpenRule::parse("db_?.*.example.com:80"));
    CHECK_NOTHROW(OpenRule::parse(std::string(255, 'a') + ":80"));
}
