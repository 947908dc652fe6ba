#include "client/forward_spec.hpp"

#include <string>

#include <doctest/doctest.h>

#include "common/base/error.hpp"

using namespace culvert;

namespace {

std::string error_of(auto&& read, const std::string& text) {
    try {
        read(text);
    } catch (const Error& error) {
        CHECK(error.kind() == ErrorKind::usage);
        return error.what();
    }
    return "no error";
}

}  // namespace

TEST_CASE("-L in all of OpenSSH's spellings (ssh(1))") {
    struct Row {
        std::string text;
        LocalForward forward;
    };
    for (const Row& row : {
             Row{"12345:pop3.example.com:110", {"", 12345, {"pop3.example.com", 110}}},
             Row{"12345:pop3.example.com:pop3", {"", 12345, {"pop3.example.com", 110}}},
             Row{"pop3:h:pop3", {"", 110, {"h", 110}}},
             Row{"0:h:1", {"", 0, {"h", 1}}},
             Row{"65535:h:65535", {"", 65535, {"h", 65535}}},
             Row{"127.0.0.1:1:h:2", {"127.0.0.1", 1, {"h", 2}}},
             Row{"localhost:1:h:2", {"localhost", 1, {"h", 2}}},
             Row{":1:h:2", {"*", 1, {"h", 2}}},
             Row{"*:1:h:2", {"*", 1, {"h", 2}}},
             Row{"[::1]:1:h:2", {"::1", 1, {"h", 2}}},
             Row{"[::]:1:[2001:db8::1]:2", {"::", 1, {"2001:db8::1", 2}}},
             Row{"1:[::1]:2", {"", 1, {"::1", 2}}},
             Row{"[fe80::1%eth0]:1:h:2", {"fe80::1%eth0", 1, {"h", 2}}},
             Row{"[]:1:h:2", {"*", 1, {"h", 2}}},
             Row{"8080:b\u00fccher.example:80", {"", 8080, {"xn--bcher-kva.example", 80}}},
             Row{"1:[B\u00dcCHER.example]:80", {"", 1, {"xn--bcher-kva.example", 80}}},
             Row{"127.1:1:h:2", {"127.1", 1, {"h", 2}}},
             Row{"[localhost]:1:[pop3.example.com]:2", {"localhost", 1, {"pop3.example.com", 2}}},
             Row{"[127.0.0.1]:1:h:2", {"127.0.0.1", 1, {"h", 2}}},
         }) {
        CAPTURE(row.text);
        CHECK(parse_local_forward(row.text) == row.forward);
    }
}

TEST_CASE("a forward that is wrong says which part is") {
    struct Row {
        std::string text;
        std::string why;
    };
    for (const Row& row : {
             Row{"", "empty"},
             Row{"12345", "parts are missing"},
             Row{"12345:host", "parts are missing"},
             Row{"1:2:3:4:5", "too many parts (an IPv6 address goes in brackets)"},
             Row{"1:::1:2", "too many parts"},
             Row{"65536:h:1", "the local port '65536'"},
             Row{"-1:h:1", "the local port '-1'"},
             Row{"1.5:h:1", "the local port '1.5'"},
             Row{"nosuchservice:h:1", "the local port 'nosuchservice'"},
             Row{"[1]:h:1", "the local port"},
             Row{"1:h:0", "the target port '0' is neither a number from 1 to 65535"},
             Row{"1:h:", "the target port ''"},
             Row{"1:h:65616", "the target port '65616'"},
             Row{"1::2", "the target host is empty"},
             Row{"1:a b:2", "the target host has a blank or a control character in it"},
             Row{"1:a\nb:2", "the target host has a blank or a control character in it"},
             Row{"[fe80::77]:1:h:2", "needs its interface: fe80::77%"},
             Row{"1:-h:2", "the target host begins with '-'"},
             Row{"1:[a b]:2", "the target host has a blank"},
             Row{"1:[*]:2", "the target host '*' is not a host name"},
             Row{"1:[::g]:2", "[::g] is not an IPv6 address"},
             Row{"1:[]:2", "the target host is empty"},
             Row{"1:[::1:2", "'[' without its ']'"},
             Row{"1:[::1]2", "']' is not followed by ':'"},
             Row{"1/h/2", "parts are missing"},
             Row{"[::1]/1/h/2", "']' is not followed by ':'"},
             Row{"a b:1:h:2", "the bind address has a blank"},
             Row{"1:" + std::string(300, 'h') + ":2", "the target host is too long"},
             Row{"/tmp/socket:h:1", "unix socket"},
             Row{"/tmp/socket:/tmp/other", "unix socket"},
             Row{"1:/tmp/socket", "a path of a unix socket, and culvert forwards only TCP"},
             Row{"1:./socket", "unix socket"},
             Row{"run/socket:h:1", "unix socket"},
             Row{"[::1]:1:run/socket", "unix socket"},
         }) {
        CAPTURE(row.text);
        const std::string error = error_of(parse_local_forward, row.text);
        CHECK(error.find(row.why) != std::string::npos);
        CHECK(error.find("[bind:]port:host:hostport") != std::string::npos);
        CHECK(error.find('\n') == std::string::npos);
    }
}

TEST_CASE("the parts of a forward in culvert.yaml") {
    CHECK(parse_listen_spec("12345") == ListenSpec{"", 12345});
    CHECK(parse_listen_spec("pop3") == ListenSpec{"", 110});
    CHECK(parse_listen_spec("[::1]:1") == ListenSpec{"::1", 1});
    CHECK(parse_listen_spec("*:1") == ListenSpec{"*", 1});
    CHECK(parse_target("pop3.example.com:pop3") == Endpoint{"pop3.example.com", 110});
    CHECK(parse_target("[::1]:110") == Endpoint{"::1", 110});
    CHECK(parse_target("stra\u00dfe.de:80") == Endpoint{"xn--strae-oqa.de", 80});
    CHECK(error_of(parse_listen_spec, "8080:80").find("'8080' is a port") != std::string::npos);
    CHECK(error_of(parse_target, "22:22").find("'22' is a port") != std::string::npos);

    CHECK(error_of(parse_listen_spec, "::1:1").find("brackets") != std::string::npos);
    CHECK(error_of(parse_listen_spec, "/tmp/x").find("unix socket") != std::string::npos);
    CHECK(error_of(parse_listen_spec, "").find("[bind:]port") != std::string::npos);
    CHECK(error_of(parse_target, "host").find("the port is missing") != std::string::npos);
    CHECK(error_of(parse_target, "110").find("the port is missing") != std::string::npos);
    CHECK(error_of(parse_target, "host:0").find("the target port") != std::string::npos);
    CHECK(error_of(parse_target, "::1:110").find("brackets") != std::string::npos);
}

TEST_CASE("-g opens what names no address, and nothing else") {
    CHECK(bind_or_default("", false).empty());
    CHECK(bind_or_default("", true) == "*");
    CHECK(bind_or_default("localhost", true).empty());
    CHECK(bind_or_default("127.0.0.1", true) == "127.0.0.1");
    CHECK(bind_or_default("*", false) == "*");
}

TEST_CASE("the ready line (docs/contract.md)") {
    CHECK(ready_line({"127.0.0.1", 12345}, LocalForward{"", 12345, {"pop3.example.com", 110}}) ==
          "forwarding 127.0.0.1:12345 -> pop3.example.com:110");
    CHECK(ready_line({"::1", 1}, LocalForward{"::1", 1, {"::1", 2}}) ==
          "forwarding [::1]:1 -> [::1]:2");
}
