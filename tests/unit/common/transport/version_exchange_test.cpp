#include "common/transport/version_exchange.hpp"

#include <doctest/doctest.h>

#include "tests/unit/common/wire/refusal.hpp"

using namespace culvert;
using test::refusal;

namespace {

std::optional<std::string> read(Role us, std::string_view text) {
    InputBuffer in;
    in.append(bytes_of(text));
    return VersionReader{us}.read(in);
}

/// `count` lines of `length` bytes each, line ends included.
std::string lines(std::size_t count, std::size_t length) {
    std::string text;
    for (std::size_t i = 0; i < count; ++i) text += std::string(length - 1, 'x') + "\n";
    return text;
}

}  // namespace

TEST_CASE("our version line (RFC 4253 4.2)") {
    CHECK(our_version.starts_with("SSH-2.0-culvert_"));
    CHECK(our_version.size() + 2 <= VersionReader::longest_line);
    // The software version has neither blanks nor minus signs.
    CHECK(our_version.substr(8).find_first_of(" -") == std::string_view::npos);
}

TEST_CASE("a version line ends in CR LF, or in LF alone, and loses its end (RFC 4253 4.2)") {
    const std::string longest = "SSH-2.0-" + std::string(255 - 8 - 2, 'v');
    struct Row {
        std::string_view name;
        std::string text;
        std::string version;
    };
    for (const Row& row : {
             Row{"CR LF", "SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n", "SSH-2.0-OpenSSH_9.2p1 Debian-2"},
             Row{"LF", "SSH-2.0-dropbear\n", "SSH-2.0-dropbear"},
             Row{"both versions", "SSH-1.99-Cisco-1.25\r\n", "SSH-1.99-Cisco-1.25"},
             Row{"no software", "SSH-2.0-\r\n", "SSH-2.0-"},
             Row{"255 bytes", longest + "\r\n", longest},
         }) {
        CAPTURE(row.name);
        CHECK(read(Role::client, row.text) == row.version);
        CHECK(read(Role::server, row.text) == row.version);
    }
}

TEST_CASE("a server may send lines before its version (RFC 4253 4.2)") {
    CHECK(read(Role::client, "\r\nwelcome to gw\r\nssh-1 is off\nSSH-2.0-x\r\n") == "SSH-2.0-x");
    CHECK(read(Role::client, lines(50, 10) + "SSH-2.0-x\n") == "SSH-2.0-x");
    CHECK(read(Role::client, lines(1, 8192) + "SSH-2.0-x\n") == "SSH-2.0-x");
    CHECK_THROWS_AS(read(Role::client, lines(51, 10) + "SSH-2.0-x\n"), ProtocolError);
    CHECK_THROWS_AS(read(Role::client, lines(1, 8193) + "SSH-2.0-x\n"), ProtocolError);
    CHECK_THROWS_AS(read(Role::client, lines(20, 410) + "SSH-2.0-x\n"), ProtocolError);
    CHECK_THROWS_AS(read(Role::client, std::string(8190, 'x') + "\r\n\n"), ProtocolError);
    CHECK_THROWS_AS(read(Role::client, std::string(8193, 'x')), ProtocolError);  // without an end
    CHECK_FALSE(read(Role::client, std::string(8192, 'x')));
}

TEST_CASE("a client may not, and is told so at its first wrong byte") {
    CHECK_THROWS_AS(read(Role::server, "hello\nSSH-2.0-x\n"), ProtocolError);
    CHECK_THROWS_AS(read(Role::server, "\nSSH-2.0-x\n"), ProtocolError);
    CHECK_THROWS_AS(read(Role::server, "G"), ProtocolError);
    CHECK_THROWS_AS(read(Role::server, "SSH_"), ProtocolError);
    CHECK_FALSE(read(Role::server, "SSH"));
    CHECK_FALSE(read(Role::server, ""));
}

TEST_CASE("versions that can't be spoken are refused") {
    struct Row {
        std::string_view name;
        std::string text;
        const char* error;
    };
    for (const Row& row : {
             Row{"SSH-1", "SSH-1.5-old\r\n",
                 "the peer speaks another protocol version: SSH-1.5-old"},
             Row{"not a version", "SSH-20-x\n",
                 "the peer speaks another protocol version: SSH-20-x"},
             Row{"a later one", "SSH-2.00-x\n",
                 "the peer speaks another protocol version: SSH-2.00-x"},
             Row{"a zero byte", std::string{"SSH-2.0-a\0b\r\n", 13},
                 "the peer's version line has a zero byte in it"},
             Row{"256 bytes", "SSH-2.0-" + std::string(256 - 8 - 2, 'v') + "\r\n",
                 "the peer's version line is longer than 255 bytes"},
             Row{"no end", "SSH-2.0-" + std::string(248, 'v'),
                 "the peer's version line is longer than 255 bytes"},
             Row{"control bytes, shown escaped", "SSH-1.5-\x1b[2J\n",
                 "the peer speaks another protocol version: SSH-1.5-\\x1b[2J"},
         }) {
        for (const Role us : {Role::client, Role::server}) {
            CAPTURE(row.name);
            const ProtocolError error = refusal([&] { read(us, row.text); });
            CHECK(error.what() == std::string{row.error});
            CHECK(error.reason() == DisconnectReason::protocol_version_not_supported);
        }
    }
}

TEST_CASE("another protocol is named by what it said") {
    CHECK(refusal([] { read(Role::server, "GET / HTTP/1.1\r\n"); }).what() ==
          std::string{"the peer is not an SSH client: it said \"GET / HTTP/1.1\""});
    CHECK(refusal([] { read(Role::client, "220 smtp\x07\r\n" + lines(50, 9)); }).what() ==
          std::string{"the peer is not an SSH server: it said \"220 smtp\\x07\""});
}

TEST_CASE("what a peer said that went away early") {
    InputBuffer in;
    VersionReader whole{Role::client};
    CHECK(whole.seen().empty());
    in.append(bytes_of("421 too busy\r\nbye\r\n"));
    CHECK_FALSE(whole.read(in));
    CHECK(whole.seen() == "421 too busy");

    VersionReader part{Role::client};
    in.append(bytes_of("Exceeded Max"));
    CHECK_FALSE(part.read(in));
    CHECK(part.seen() == "Exceeded Max");
}

TEST_CASE("any split gives the same version, and what follows stays unread") {
    for (const std::string& before : {std::string{"hello\r\n\n"}, lines(1, 8192)}) {
        const std::string text = before + "SSH-2.0-x y\r\n\x01\x02SSH-2.0-z\n";
        for (std::size_t size = 1; size <= text.size(); size += 1 + size / 40) {
            CAPTURE(size);
            InputBuffer in;
            VersionReader reader{Role::client};
            std::optional<std::string> version;
            std::size_t at = 0;
            for (; !version && at < text.size(); at += size) {
                in.append(bytes_of(text).subspan(at, std::min(size, text.size() - at)));
                version = reader.read(in);
            }
            REQUIRE(version);
            CHECK(*version == "SSH-2.0-x y");
            CHECK(std::string{text_of(in.unread())} + text.substr(std::min(at, text.size())) ==
                  "\x01\x02SSH-2.0-z\n");
        }
    }
}

TEST_CASE("a server may say instead of its version that it has no place now") {
    struct Row {
        std::string_view said;
        bool try_later;
    };
    for (const Row& row : {
             Row{"culvertd: out of memory; try again later\r\n", true},
             Row{"culvertd: too many connections that have not logged in; try again later", true},
             Row{"Exceeded MaxStartups\r\n", true},      // sshd from 8.5 on
             Row{"Not allowed at this time\r\n", true},  // sshd from 9.8 on
             Row{"welcome\r\nToo many connections\r\n", true},
             Row{"SSH-2.0-try_again_later try again later", false},  // its version, not all of it
             Row{"HTTP/1.1 400 Bad Request\r\n", false},
             Row{"Exceeded Max", false},
             Row{"", false},
         }) {
        CAPTURE(row.said);
        InputBuffer in;
        in.append(bytes_of(row.said));
        VersionReader reader{Role::client};
        CHECK_FALSE(reader.read(in));
        CHECK(reader.told_to_try_later() == row.try_later);
    }
}

TEST_CASE("both sides' lines, by role, once the peer's is there") {
    for (const Role us : {Role::client, Role::server}) {
        CAPTURE((us == Role::server));
        VersionExchange versions{us};
        OutputBuffer out;
        VersionExchange::write(out);
        CHECK(text_of(out.unsent()) == std::string{our_version} + "\r\n");

        InputBuffer in;
        in.append(bytes_of("SSH-2.0-"));
        CHECK_FALSE(versions.read(in));
        CHECK_FALSE(versions.peer());
        CHECK(versions.said_before() == "SSH-2.0-");
        in.append(bytes_of("peer\r\nwhat follows"));
        CHECK(versions.read(in));
        CHECK(versions.peer() == "SSH-2.0-peer");
        CHECK((us == Role::client ? versions.both().client : versions.both().server) ==
              our_version);
        CHECK((us == Role::client ? versions.both().server : versions.both().client) ==
              "SSH-2.0-peer");
        CHECK(versions.read(in));
        CHECK(text_of(in.unread()) == "what follows");
    }
}
