#include "client/config.hpp"

#include <filesystem>
#include <string>

#include <doctest/doctest.h>

#include "common/base/error.hpp"
#include "tests/unit/common/base/temporary_folder.hpp"
#include "tests/unit/common/config/made_up_environment.hpp"

using namespace culvert;

namespace {

using Words = std::vector<std::string>;

const std::string pin = "SHA256:L3k/oJubblSY0lB9Ulsl7emDMnRPKm/8udf2ccwk560";

std::vector<TunnelSettings> parse(const std::string& text) {
    return parse_client_config(text, "c.yaml", made_up_environment({{"KEYS", "/keys"}})).tunnels;
}

std::string error_of(const std::string& text) {
    try {
        parse(text);
    } catch (const Error& error) {
        CHECK(error.kind() == ErrorKind::config);
        return error.what();
    }
    return "no error";
}

std::string hint_of(const std::string& text) {
    try {
        parse(text);
    } catch (const Error& error) {
        return std::string{error.hint()};
    }
    return "no error";
}

bool contains(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

/// A tunnel with one more line in it.
std::string with(const std::string& line) {
    return "tunnels:\n  mail:\n    server: gw\n    forwards: [{local: 1, to: 'h:2'}]\n    " + line +
           "\n";
}

}  // namespace

TEST_CASE("a tunnel of culvert.yaml (docs/contract.md)") {
    const auto tunnels = parse(
        "tunnels:\n"
        "  mail:\n"
        "    server: bob@gw.example.com:2222\n"
        "    identity: ~/.ssh/id_other\n"
        "    host_key: " +
        pin +
        "\n"
        "    known_hosts: [~/.ssh/kh, \"${KEYS}/kh\"]\n"
        "    strict_host_key_checking: accept-new\n"
        "    compression: zlib\n"
        "    ciphers: chacha20-poly1305@openssh.com\n"
        "    forwards:\n"
        "      - {local: 12345, to: pop3.example.com:pop3}\n"
        "      - local: '[::1]:0'\n"
        "        to: '[2001:db8::1]:80'\n"
        "      - {local: '*:1', to: h:1}\n"
        "    exit_on_forward_failure: true\n"
        "    connect_timeout: 7s\n"
        "    keepalive: 1m\n"
        "    keepalive_misses: 5\n"
        "    connections: 4\n"
        "    agent: $KEYS\n"
        "    identities_only: yes\n"
        "    host_key_alias: gate\n"
        "    hash_known_hosts: true\n"
        "    address_family: inet6\n"
        "    bind_address: '2001:db8::7'\n"
        "    rekey_limit: 512M 30m\n"
        "    global_known_hosts: [/etc/kh, \"${KEYS}/global\"]\n"
        "    batch_mode: true\n"
        "    kex_algorithms: [curve25519-sha256, mlkem768x25519-sha256]\n"
        "    require_post_quantum: true\n"
        "    channel_open: 4s\n"
        "    tcp_keepalive: false\n"
        "    required: true\n"
        "    while_down: reset\n"
        "    hold_for: 500ms\n"
        "  plain: {server: gw, forwards: [{local: localhost:1, to: h:2}]}\n");
    REQUIRE(tunnels.size() == 2);
    const TunnelSettings& mail = tunnels[0];
    CHECK(mail.name == "mail");
    CHECK(mail.user == "bob");
    CHECK(mail.server == Endpoint{"gw.example.com", 2222});
    CHECK(mail.identities == Words{"/home/alice/.ssh/id_other"});
    CHECK(!mail.identities_defaulted);
    CHECK(mail.host_key_pin == pin);
    CHECK(mail.user_known_hosts == Words{"/home/alice/.ssh/kh", "/keys/kh"});
    CHECK(mail.strict_host_key_checking == StrictHostKeyChecking::accept_new);
    CHECK(mail.compression == Words{"zlib@openssh.com", "zstd@culvert.internal", "none"});
    CHECK(mail.ciphers == Words{"chacha20-poly1305@openssh.com"});
    REQUIRE(mail.forwards.size() == 3);
    CHECK(mail.forwards[0] == LocalForward{"", 12345, {"pop3.example.com", 110}});
    CHECK(mail.forwards[1] == LocalForward{"::1", 0, {"2001:db8::1", 80}});
    CHECK(mail.forwards[2] == LocalForward{"*", 1, {"h", 1}});
    CHECK(mail.exit_on_forward_failure);
    CHECK(mail.connect_timeout == std::chrono::seconds{7});
    CHECK(mail.keepalive_interval == std::chrono::minutes{1});
    CHECK(mail.keepalive_misses == 5);
    CHECK(mail.connections == 4);
    CHECK(mail.agent == "/keys");
    CHECK(mail.identities_only);
    CHECK(mail.host_key_alias == "gate");
    CHECK(mail.hash_known_hosts);
    CHECK(mail.family == AddressFamily::v6);
    CHECK(mail.bind_address == "2001:db8::7");
    CHECK(mail.rekey_limit.bytes == 512ULL << 20);
    CHECK(mail.rekey_limit.after == std::chrono::minutes{30});
    CHECK(mail.global_known_hosts == Words{"/etc/kh", "/keys/global"});
    CHECK(mail.batch_mode);
    CHECK(mail.kex_algorithms == Words{"curve25519-sha256", "mlkem768x25519-sha256"});
    CHECK(mail.require_post_quantum);
    CHECK(mail.channel_open == std::chrono::seconds{4});
    CHECK(!mail.tcp_keepalive);
    CHECK(mail.while_down == WhileDown::reset);
    CHECK(mail.required);
    CHECK(mail.log_tag == " [mail]");
    CHECK(mail.hold_for == std::chrono::milliseconds{500});

    const TunnelSettings& plain = tunnels[1];
    CHECK(plain.name == "plain");
    CHECK(plain.user == "alice");
    CHECK(plain.server == Endpoint{"gw", 22});
    CHECK(plain.forwards[0].bind.empty());
    CHECK(plain.identities_defaulted);
    CHECK(!plain.host_key_pin);
    CHECK(plain.compression == Words{"none", "zstd@culvert.internal", "zlib@openssh.com"});
    CHECK(plain.while_down == WhileDown::hold);
    CHECK_FALSE(plain.required);
}

TEST_CASE("what is wrong is said with its place") {
    struct Row {
        std::string text;
        std::string error;
    };
    const std::string here = "c.yaml:5:";
    for (const Row& row : {
             Row{"", "c.yaml:1:1: 'tunnels' is missing"},
             Row{"tunnels: {mail: {sever: gw, forwards: [{local: 1, to: 'h:2'}]}}",
                 "c.yaml:1:18: tunnels.mail: unknown key 'sever', did you mean 'server'?"},
             Row{"tunnels: {mail: {server: gw, forwards: ['1:h:2']}}",
                 "c.yaml:1:41: tunnels.mail.forwards[0]: a forward is a map with "},
             Row{"tunels: {}", "c.yaml:1:1: unknown key 'tunels', did you mean 'tunnels'?"},
             Row{"tunnels: {}", "c.yaml:1:10: tunnels: has no tunnel in it"},
             Row{"tunnels: [mail]", "c.yaml:1:10: tunnels: a list, where a map is expected"},
             Row{"tunnels: {mail: {forwards: [{local: 1, to: 'h:2'}]}}",
                 "c.yaml:1:17: tunnels.mail: 'server' is missing"},
             Row{"tunnels: {mail: {server: gw}}",
                 "c.yaml:1:17: tunnels.mail: 'forwards' is missing"},
             Row{"tunnels: {mail: {server: gw, forwards: []}}", "tunnels.mail.forwards: an empty"},
             Row{"tunnels: {mail: {server: gw, forwards: [{local: 1}]}}",
                 "tunnels.mail.forwards[0]: 'to' is missing"},
             Row{"tunnels: {mail: {server: gw, forwards: [{local: x:y:z, to: 'h:2'}]}}",
                 "c.yaml:1:49: tunnels.mail.forwards[0].local: 'x:y:z': too many parts"},
             Row{"tunnels: {mail: {server: gw, forwards: [{local: 1, to: h}]}}",
                 "c.yaml:1:56: tunnels.mail.forwards[0].to: 'h': the port is missing"},
             Row{"tunnels: {mail: {server: gw, forwards: [{remote: 8080, to: 'localhost:80'}]}}",
                 "c.yaml:1:50: tunnels.mail.forwards[0].remote: this version of culvert carries "
                 "local forwards only"},
             Row{"tunnels: {mail: {server: gw, forwards: [{socks: 1080}]}}",
                 "forwards[0].socks: this version of culvert carries local forwards only"},
             Row{"tunnels: {mail: {server: gw, forwards: [{local: 1, to: 'h:2'}, {local: 1, to: "
                 "'h:3'}]}}",
                 "tunnels.mail.forwards[1]: local 1 is already taken by forwards[0]"},
             Row{with("sever: gw"),
                 here + "5: tunnels.mail: unknown key 'sever', did you mean 'server'?"},
             Row{with("server: gw"), here + "5: tunnels.mail: the key 'server' is given twice"},
             Row{with("host_key: SHA256:short"), here + "15: tunnels.mail.host_key: "},
             Row{with("host_key: MD5:00:11"), "is not a key's fingerprint"},
             Row{with("host_key: " + pin + "="), "is not a key's fingerprint"},
             Row{with("compression: gzip"),
                 "'gzip' is not a compression; there are zstd, zlib and none"},
             Row{with("compression: yes"), "'yes' is not a compression"},
             Row{with("ciphers: aes128-cbc"), "tunnels.mail.ciphers: no cipher 'aes128-cbc'"},
             Row{with("ciphers: [aes256-gcm@openssh.com, des]"),
                 "tunnels.mail.ciphers[1]: no cipher 'des': culvert has aes256-gcm@openssh.com"},
             Row{with("ciphers: []"), "tunnels.mail.ciphers: an empty list"},
             Row{with("kex_algorithms: dh"), "tunnels.mail.kex_algorithms: no key exchange 'dh'"},
             Row{with("channel_open: 0s"), "must be more than 0"},
             Row{with("rekey_limit: 1G soon"), "tunnels.mail.rekey_limit: 'soon' is not a time"},
             Row{with("while_down: wait"), "'wait' is not one of hold, reset"},
             Row{with("strict_host_key_checking: maybe"), "is not one of yes, accept-new, ask, no"},
             Row{with("hold_for: 5"), "tunnels.mail.hold_for: '5' is not a duration with its unit"},
             Row{with("connect_timeout: 0"), "must be more than 0"},
             Row{with("keepalive_misses: 0"), "'0' is not a number from 1 to 1000"},
             Row{with("connections: 0"), "'0' is not a number from 1 to 64"},
             Row{with("connections: 65"), "'65' is not a number from 1 to 64"},
             Row{with("connections: many"), "number"},
             Row{with("identity: ~bob/x"), "tunnels.mail.identity: ~bob/x"},
             Row{with("identity: \"${NOPE}\""), "the environment variable NOPE is not set"},
             Row{with("known_hosts: $HOME_2/x"),
                 "tunnels.mail.known_hosts: $HOME_2/x: $HOME_2 is not replaced"},
             Row{with("known_hosts: '%d/x'"), "%d/x: ssh's %d is not replaced"},
             Row{with("agent: $HOME/x"), "tunnels.mail.agent: $HOME/x: $NAME must stand alone"},
             Row{with("known_hosts:"), "tunnels.mail.known_hosts: has no value"},
             Row{with("exit_on_forward_failure: maybe"), "is not true or false"},
         }) {
        CAPTURE(row.text);
        const std::string error = error_of(row.text);
        CAPTURE(error);
        CHECK(error.find(row.error) != std::string::npos);
        CHECK(error.starts_with("c.yaml:"));
    }
}

TEST_CASE("algorithms are a list or text with commas") {
    const std::string aes = "aes256-gcm@openssh.com";
    const std::string chacha = "chacha20-poly1305@openssh.com";
    for (const std::string& written : {chacha + "," + aes, "[" + chacha + ", " + aes + "]",
                                       "['" + chacha + "," + aes + "', " + aes + "]"}) {
        CAPTURE(written);
        CHECK(parse(with("ciphers: " + written))[0].ciphers == Words{chacha, aes});
    }
}

TEST_CASE("server names that do harm are refused (attacks 24)") {
    for (const std::string server : {"\"a b\"", "\"-x\"", "\"a\\nb\"", "\"-x@gw\"", "\"a@g w\""}) {
        CAPTURE(server);
        CHECK(error_of("tunnels: {mail: {server: " + server + "}}").find("tunnels.mail.server: ") !=
              std::string::npos);
    }
}

TEST_CASE("tunnels are chosen by name") {
    const auto all = parse(
        "tunnels:\n"
        "  mail: {server: gw, forwards: [{local: 1, to: 'h:2'}]}\n"
        "  web: {server: gw, forwards: [{local: 1, to: 'h:2'}]}\n");
    CHECK(select_tunnels(all, {}).size() == 2);
    const auto two = select_tunnels(all, Words{"web", "mail", "web"});
    REQUIRE(two.size() == 2);
    CHECK(two[0].name == "web");
    CHECK_THROWS_WITH_AS(select_tunnels(all, Words{"mial"}),
                         "no tunnel 'mial', did you mean 'mail'?", Error);
    CHECK_THROWS_WITH_AS(select_tunnels(all, Words{"database"}),
                         "no tunnel 'database'; the file has mail, web", Error);
}

TEST_CASE("tunnels that want the same local port can't be up together") {
    const auto together = [](const std::string& one, const std::string& other) {
        require_distinct_ports(parse("tunnels:\n  mail: {server: gw, forwards: [{local: " + one +
                                     ", to: 'h:2'}]}\n  web: {server: gw, forwards: [{local: " +
                                     other + ", to: 'h:2'}]}\n"));
    };
    CHECK_THROWS_WITH_AS(together("12345", "localhost:12345"),
                         doctest::Contains("mail and web both use local port 12345"), Error);
    CHECK_NOTHROW(together("0", "0"));
    CHECK_NOTHROW(together("12345", "12346"));
    CHECK_NOTHROW(together("127.0.0.2:12345", "127.0.0.3:12345"));
}

TEST_CASE("an include brings in the tunnels of other files") {
    const TemporaryFolder folder;
    const auto tunnel = [](const std::string& name) {
        return "tunnels: {" + name + ": {server: gw, forwards: [{local: 0, to: 'h:2'}]}}\n";
    };
    std::filesystem::create_directory(folder.path("d"));
    folder.write("d/2.yaml", tunnel("two"));
    folder.write("d/1.yaml", tunnel("one"));
    folder.write("d/notes.txt", "no tunnel: [\n");
    const auto names = [&](const std::string& text) {
        std::vector<std::string> all;
        const auto config = read_client_config(folder.write("c.yaml", text), made_up_environment());
        for (const TunnelSettings& each : config.tunnels) all.push_back(each.name);
        return all;
    };
    CHECK(names("include: d\n") == Words{"one", "two"});
    CHECK(names("include: [d/2.yaml, " + folder.path("d/1.yaml") + "]\n" + tunnel("zero")) ==
          Words{"zero", "two", "one"});

    const auto error = [&](const std::string& text) -> std::string {
        try {
            names(text);
        } catch (const Error& thrown) {
            return thrown.what();
        }
        return "no error";
    };
    CHECK(error("include: gone\n")
              .ends_with(":1:10: include: " + folder.path("gone") + ": no such file"));
    CHECK(error("include: d\n" + tunnel("two")) ==
          folder.path("d/2.yaml") + ":1:16: tunnels.two: another file has a tunnel of this name");
    folder.write("d/3.yaml", "include: d\n");
    CHECK(error("include: d\n") ==
          folder.path("d/3.yaml") + ":1:1: unknown key 'include'; known here: tunnels");
}

TEST_CASE("drain stands at the top of the file") {
    const auto drain = [](const std::string& line) {
        return parse_client_config(line + with(""), "c.yaml", made_up_environment()).drain;
    };
    CHECK(drain("") == std::chrono::seconds{30});
    CHECK(drain("drain: 500ms\n") == std::chrono::milliseconds{500});
    CHECK(drain("drain: 0s\n") == std::chrono::milliseconds{0});
    CHECK(
        error_of("drain: 5\n" + with("")).starts_with("c.yaml:1:8: drain: '5' is not a duration"));
}

TEST_CASE("threads stands at the top of the file, and is a number") {
    const auto threads = [](const std::string& line) {
        return parse_client_config(line + with(""), "c.yaml", made_up_environment()).threads;
    };
    CHECK(threads("") == 0);
    CHECK(threads("threads: 3\n") == 3);
    CHECK(error_of("threads: -1\n" + with("")).starts_with("c.yaml:1:10: threads"));
    CHECK(error_of(with("threads: 3")).find("threads") != std::string::npos);
}

TEST_CASE("how long the service may take to be ready") {
    const auto timeout = [](const std::string& line) {
        const std::string text = line + with("required: true");
        return parse_client_config(text, "c.yaml", made_up_environment()).ready_timeout;
    };
    CHECK(timeout("") == std::chrono::seconds{60});
    CHECK(timeout("ready_timeout: 2m\n") == std::chrono::minutes{2});
    CHECK(timeout("ready_timeout: 0s\n") == std::chrono::seconds{0});
    CHECK(error_of(with("required: maybe")).find("required") != std::string::npos);
}

TEST_CASE("a tunnel read again is the same as long as nothing in it has changed") {
    const auto read = [](const std::string& line) { return parse(with(line)).at(0); };
    const TunnelSettings before = read("compression: zlib");
    CHECK(before == read("compression: zlib # a comment"));
    for (const std::string line :
         {"compression: zstd", "compression: none", "identity: /k", "required: true",
          "rekey_limit: 1G 2h", "hold_for: 1s", "connections: 2", "bind_address: 127.0.0.1"}) {
        CAPTURE(line);
        CHECK_FALSE(before == read(line));
    }
}

TEST_CASE("a server in culvert.yaml is named as on the command line") {
    const auto server = [](const std::string& written) {
        return parse("tunnels:\n  mail:\n    server: " + written +
                     "\n    forwards: [{local: 1, to: 'h:2'}]\n")
            .front();
    };
    CHECK(server("127.1").server.host == "127.0.0.1");
    CHECK(server("alice@[::0001]:22").server.host == "::1");
    CHECK(server("first last@gw").user == "first last");
    CHECK(server("o'brien@gw").user == "o'brien");  // which a command line doesn't take
    CHECK(server("b\u00fccher.example").server.host == "xn--bcher-kva.example");
    CHECK(contains(error_of("tunnels:\n  mail:\n    server: fe80::77\n    forwards: []\n"),
                   "c.yaml:3:13: tunnels.mail.server: 'fe80::77': a link-local address needs its "
                   "interface: fe80::77%"));
}

TEST_CASE("the next step is a hint, and not in the first line") {
    struct Row {
        std::string text;
        std::string_view hint;
    };
    for (const Row& row : {
             Row{with("host_key: MD5:00:11"),
                 "on the server, this prints it: ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub"},
             Row{"tunnels: {mail: {server: gw, forwards: ['1:h:2']}}",
                 "write it as {local: 12345, to: pop3.example.com:110}"},
             Row{"tunnels: {mail: {server: gw, forwards: [{socks: 1080}]}}",
                 "remove this forward, and use ssh for it"},
             Row{with("known_hosts: $HOME_2/x"), "write ${HOME_2}"},
             Row{with("known_hosts: '%d/x'"), "write ~, ${NAME} or the whole path"},
             Row{with("known_hosts: ~bob/x"), "write the whole path"},
             Row{with("agent: $HOME/x"), "in a path, write ${NAME}"},
         }) {
        CAPTURE(row.text);
        CHECK(hint_of(row.text) == row.hint);
        CHECK(!contains(error_of(row.text), row.hint));
    }
}

TEST_CASE("a file's name is shown as it can be pasted") {
    CHECK_THROWS_WITH_AS(
        parse_client_config("tunels: {}", "/home/a b/c.yaml", made_up_environment({})),
        "'/home/a b/c.yaml':1:1: unknown key 'tunels', did you mean 'tunnels'?", Error);
    const std::string path = "/" + std::string(300, 'x') + "/c.yaml";
    CHECK_THROWS_WITH_AS(read_client_config(path, made_up_environment({})),
                         doctest::Contains((path + ": ").c_str()), Error);
}
