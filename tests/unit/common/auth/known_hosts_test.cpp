#include "common/auth/known_hosts.hpp"

#include <array>
#include <string>

#include <doctest/doctest.h>

#include "tests/unit/common/keys/key_vectors.hpp"

using namespace culvert;

namespace {

/// "type base64", without the comment.
std::string two_words(std::string_view line) { return parse_public_key_line(line).key.to_text(); }

const std::string key_1 = two_words(test::openssh_1_pub);
const std::string key_2 = two_words(test::openssh_2_pub);
const std::string rsa = two_words(test::rsa_pub);

PublicKey public_key(const std::string& line) { return parse_public_key_line(line).key; }

KnownHostAnswer look_up(const std::string& text, const std::string& host, std::uint16_t port = 22) {
    const std::array files{parse_known_hosts(text, "kh")};
    return look_up_known_host(files, host, port, public_key(key_1));
}

using State = KnownHostState;

}  // namespace

TEST_CASE("hosts are found by name, pattern, and hash (sshd(8))") {
    struct Row {
        std::string hosts;
        std::string host;
        std::uint16_t port;
        bool found;
    };
    // By ssh-keygen -H, OpenSSH 9.2.
    const std::string hashed_gw = "|1|7L/uusqlXZZ+vGmCSf6/jii1tOI=|6rpQWUaDqOYxeqybw4tP+jONPYg=";
    const std::string hashed_gw_2222 =
        "|1|HYxkJ3vOA1SFQgXH4sEXcR3sBQI=|AP3GpQz0u0v2aInbEUmcnhH/xD4=";
    const std::string hashed_v6 = "|1|9YtFYB4iWPY8xbWtOq1/RgK9NNw=|t1xLEnAGbYXC8rcupiJpxExXNUo=";
    for (const Row& row : {
             Row{"gw", "gw", 22, true},
             Row{"gw", "GW", 22, true},
             Row{"GW", "gw", 22, true},
             Row{"gw", "gw.example.com", 22, false},
             Row{"gw,10.0.0.1", "10.0.0.1", 22, true},
             Row{"[gw]:2222", "gw", 2222, true},
             Row{"[gw]:2222", "gw", 22, false},
             Row{"[gw]:2222", "gw", 2223, false},
             Row{"gw", "gw", 2222, true},  // as ssh: the bare name's key holds for any port
             Row{"::1", "::1", 22, true},
             Row{"[::1]:2222", "::1", 2222, true},
             Row{"*.example.com", "gw.example.com", 22, true},
             Row{"*.example.com", "example.com", 22, false},
             Row{"10.0.0.?", "10.0.0.7", 22, true},
             Row{"*", "anything", 2222, true},
             Row{"!gw,*", "gw", 22, false},
             Row{"*,!gw", "gw", 22, false},
             Row{"!gw,*", "other", 22, true},
             Row{"!gw", "other", 22, false},
             Row{"", "gw", 22, false},
             Row{hashed_gw, "gw.example.com", 22, true},
             Row{hashed_gw, "GW.example.com", 22, true},
             Row{hashed_gw, "other.example.com", 22, false},
             Row{hashed_gw_2222, "gw.example.com", 2222, true},
             Row{hashed_gw_2222, "gw.example.com", 22, false},
             Row{hashed_v6, "::1", 22, true},
         }) {
        CAPTURE(row.hosts);
        CAPTURE(row.host);
        CAPTURE(row.port);
        const auto answer = look_up(row.hosts + " " + key_1, row.host, row.port);
        CHECK((answer.state == State::match) == row.found);
        CHECK((answer.state == State::unknown) == !row.found);
    }
}

TEST_CASE("what the files say about a key") {
    struct Row {
        std::string name;
        std::string text;
        State state;
        std::size_t line;
    };
    for (const Row& row : {
             Row{"nothing", "", State::unknown, 0},
             Row{"match", "gw " + key_1, State::match, 1},
             Row{"comments and blanks", "\n# gw " + key_2 + "\n  gw " + key_1 + " me@home\r\n",
                 State::match, 3},
             Row{"changed", "# x\ngw " + key_2, State::changed, 2},
             Row{"one of two", "gw " + key_2 + "\ngw " + key_1, State::match, 2},
             Row{"another type", "gw " + rsa, State::other_type, 1},
             Row{"another type and a change", "gw " + rsa + "\ngw " + key_2, State::changed, 2},
             Row{"another type and a match", "gw " + rsa + "\ngw " + key_1, State::match, 2},
             Row{"revoked", "@revoked gw " + key_1, State::revoked, 1},
             Row{"revoked everywhere", "gw " + key_1 + "\n@revoked * " + key_1, State::revoked, 2},
             Row{"revoked before the match", "@revoked * " + key_1 + "\ngw " + key_1,
                 State::revoked, 1},
             Row{"another key revoked", "@revoked * " + key_2 + "\ngw " + key_1, State::match, 2},
             Row{"another key revoked, and no more", "@revoked * " + key_2, State::unknown, 0},
             Row{"another host's revoked", "@revoked other " + key_1, State::unknown, 0},
             Row{"an authority is not a key", "@cert-authority gw " + key_1, State::unknown, 0},
             Row{"an authority of another key", "@cert-authority gw " + key_2, State::unknown, 0},
             Row{"a broken line hides nothing", "gw ssh-ed25519 x\ngw " + key_1, State::match, 2},
         }) {
        CAPTURE(row.name);
        const auto answer = look_up(row.text, "gw");
        CHECK(answer.state == row.state);
        CHECK(answer.line == row.line);
        CHECK(answer.known.has_value() == (row.state != State::unknown));
        if (row.line != 0) CHECK(answer.file == "kh");
    }
    CHECK(look_up("gw " + key_2, "gw").known == public_key(key_2));
}

TEST_CASE("another port's entries don't excuse a change") {
    CHECK(look_up("[gw]:2222 " + key_2 + "\ngw " + key_1, "gw", 2222).state == State::changed);
    CHECK(look_up("[gw]:2222 " + rsa + "\ngw " + key_1, "gw", 2222).state == State::other_type);
    CHECK(look_up("gw " + key_2, "gw", 2222).state == State::unknown);
    CHECK(look_up("gw " + rsa, "gw", 2222).state == State::unknown);
    CHECK(look_up("[gw]:2222 " + key_2 + "\n@revoked gw " + key_1, "gw", 2222).state ==
          State::revoked);
}

TEST_CASE("all files count") {
    const std::array files{parse_known_hosts("gw " + key_2, "user"),
                           parse_known_hosts("\ngw " + key_1, "system"),
                           parse_known_hosts("@revoked gw " + rsa, "revoked")};
    const auto match = look_up_known_host(files, "gw", 22, public_key(key_1));
    CHECK(match.state == State::match);
    CHECK(match.file == "system");
    CHECK(match.line == 2);
    CHECK(look_up_known_host(files, "gw", 22, public_key(rsa)).state == State::revoked);
    CHECK(look_up_known_host({}, "gw", 22, public_key(key_1)).state == State::unknown);
}

TEST_CASE("lines that are not understood are skipped and reported") {
    for (const std::string& line : {
             std::string{"gw"},
             std::string{"gw ssh-ed25519"},
             std::string{"gw ssh-ed25519 AAAA"},
             std::string{"gw ssh-ed25519 !"},
             "gw ssh-rsa " + key_1.substr(12),  // a type the blob contradicts
             "@unknown gw " + key_1,
             "@revoked " + key_1,
             "|1|AAAA|AAAA " + key_1,
             "|2|7L/uusqlXZZ+vGmCSf6/jii1tOI=|6rpQWUaDqOYxeqybw4tP+jONPYg= " + key_1,
             "|1|7L/uusqlXZZ+vGmCSf6/jii1tOI= " + key_1,
             std::string{"\x1b[2J"},
         }) {
        CAPTURE(line);
        const auto file = parse_known_hosts("\n" + line + "\ngw " + key_1 + "\n", "kh");
        CHECK(file.entries.size() == 1);
        REQUIRE(file.warnings.size() == 1);
        CHECK(file.warnings[0].starts_with("kh:2: "));
        CHECK(file.warnings[0].find('\x1b') == std::string::npos);
    }
    CHECK(parse_known_hosts(std::string{"a\0b ", 4} + key_1, "kh").entries.size() == 1);
}

TEST_CASE("what is written is found again") {
    const PublicKey key = public_key(key_1);
    std::array<std::byte, 20> salt{};
    salt.fill(std::byte{7});
    struct Row {
        std::string host;
        std::uint16_t port;
        std::string name;
    };
    for (const auto& [host, number, name] : {
             Row{"GW.example.com", 22, "gw.example.com"},
             Row{"gw", 2222, "[gw]:2222"},
             Row{"::1", 22, "::1"},
             Row{"::1", 2222, "[::1]:2222"},
         }) {
        CAPTURE(name);
        CHECK(known_host_name(host, number) == name);
        const std::string plain = format_known_host(known_host_name(host, number), key);
        const std::string hashed =
            format_hashed_known_host(known_host_name(host, number), key, salt);
        CHECK(plain == name + " " + key_1 + "\n");
        CHECK(look_up(plain, host, number).state == State::match);
        CHECK(look_up(hashed, host, number).state == State::match);
        CHECK(look_up(hashed, "other", number).state == State::unknown);
        CHECK(hashed.find(name) == std::string::npos);
        CHECK(!names_are_hashed(parse_known_hosts(plain, "kh")));
        CHECK(names_are_hashed(parse_known_hosts(hashed, "kh")));
    }
}

TEST_CASE("the hash is ssh-keygen's") {
    const std::string line =
        "|1|7L/uusqlXZZ+vGmCSf6/jii1tOI=|6rpQWUaDqOYxeqybw4tP+jONPYg= " + key_1 + "\n";
    const std::array<unsigned char, 20> salt{0xec, 0xbf, 0xee, 0xba, 0xca, 0xa5, 0x5d,
                                             0x96, 0x7e, 0xbc, 0x69, 0x82, 0x49, 0xfe,
                                             0xbf, 0x8e, 0x28, 0xb5, 0xb4, 0xe2};
    CHECK(format_hashed_known_host("gw.example.com", public_key(key_1),
                                   std::as_bytes(std::span{salt})) == line);
}

TEST_CASE("a host known by an equivalent name is no unknown one") {
    CHECK(look_up("127.0.0.1 " + key_2, "::ffff:127.0.0.1").state == State::changed);
    CHECK(look_up("::1 " + key_2, "::1%1").state == State::changed);
    CHECK(look_up("[::1]:2222 " + key_2, "::1%1", 2222).state == State::changed);
    CHECK(look_up("gw " + key_2, "gw.").state == State::changed);
    CHECK(look_up("gw. " + key_2, "gw").state == State::changed);
    CHECK(look_up("gw " + key_1, "gw.").state == State::match);
    CHECK(look_up("127.0.0.1 " + key_2, "0.0.0.0").state == State::changed);
    CHECK(look_up("@revoked gw " + key_1 + "\ngw. " + key_1, "gw.").state == State::revoked);
    CHECK(look_up("*,!gw " + key_1, "gw").state == State::unknown);
    CHECK(look_up("[g?]:2222 " + key_1, "gw.", 2222).state == State::unknown);
    // What is known by its own name is not looked for by others.
    CHECK(look_up("gw. " + key_1 + "\ngw " + key_2, "gw.").state == State::match);
    CHECK(look_up("gw " + key_2, "gw.").name == "gw");
    CHECK(look_up("fe80::77%eth0 " + key_2, "fe80::77%eth1").state == State::unknown);
}

TEST_CASE("an alias is looked up alone (ssh_config(5), HostKeyAlias)") {
    struct Row {
        std::string hosts;
        std::string alias;
        bool found;
    };
    for (const Row& row : {
             Row{"gw", "gw", true},
             Row{"g?", "gw", true},
             Row{"gw.", "gw", false},
             Row{"gw", "gw.", false},
             Row{"127.0.0.1", "0.0.0.0", false},
             Row{"::1", "::", false},
             Row{"10.0.0.1", "::ffff:10.0.0.1", false},
         }) {
        CAPTURE(row.hosts);
        CAPTURE(row.alias);
        const auto state = [&](const std::string& known, OtherNames others) {
            const std::array files{parse_known_hosts(row.hosts + " " + known + "\n", "kh")};
            return look_up_known_host(files, row.alias, 22, public_key(key_1), others).state;
        };
        CHECK(state(key_1, OtherNames::ignored) == (row.found ? State::match : State::unknown));
        CHECK(state(key_2, OtherNames::ignored) == (row.found ? State::changed : State::unknown));
        // Of a host they are names as well.
        CHECK(state(key_1, OtherNames::count) == State::match);
    }
}
