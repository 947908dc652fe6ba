#include "client/tunnel_options.hpp"

#include <string>

#include <doctest/doctest.h>

#include "tests/unit/client/command_line.hpp"

using namespace culvert;
using namespace culvert::test;

TEST_CASE("nothing but a server and a forward") {
    const TunnelSettings settings = tunnel({"gw", "1:h:2"});
    CHECK(settings.name == "gw");
    CHECK(settings.user == "alice");
    CHECK(settings.server == Endpoint{"gw", 22});
    CHECK(settings.forwards == std::vector{forward});
    CHECK(settings.identities == Words{"/home/alice/.ssh/id_ed25519"});
    CHECK(settings.identities_defaulted);
    CHECK(settings.agent == "/run/agent");
    CHECK(settings.user_known_hosts ==
          Words{"/home/alice/.ssh/known_hosts", "/home/alice/.ssh/known_hosts2"});
    CHECK(settings.global_known_hosts ==
          Words{"/etc/ssh/ssh_known_hosts", "/etc/ssh/ssh_known_hosts2"});
    CHECK(settings.strict_host_key_checking == StrictHostKeyChecking::ask);
    CHECK(settings.compression == Words{"none", "zstd@culvert.internal", "zlib@openssh.com"});
    CHECK(settings.ciphers.empty());
    CHECK(settings.keepalive_interval == std::chrono::seconds{15});
    CHECK(settings.keepalive_misses == 3);
    CHECK(settings.hold_for == std::chrono::seconds{5});
    CHECK(!settings.exit_on_forward_failure);
}

TEST_CASE("flags mean what they mean to ssh") {
    CHECK(tunnel({"-L", "1:h:2", "gw"}).forwards == std::vector{forward});
    CHECK(tunnel({"-L1:h:2", "gw", "-L", "3:h:4"}).forwards.size() == 2);
    CHECK(tunnel({"gw", "1:h:2", "-L", "3:h:4", "5:h:6"}).forwards.size() == 3);
    CHECK(tunnel({"-fNTL", "1:h:2", "gw"}).forwards == std::vector{forward});
    CHECK(std::get<TunnelCommand>(parse({"-fNTL", "1:h:2", "gw"}).command).background);
    CHECK(std::get<TunnelCommand>(parse({"-E", "a b", "gw", "1:h:2"}).command).log_file == "a b");
    CHECK(tunnel({"-C", "gw", "1:h:2"}).compression ==
          Words{"zstd@culvert.internal", "zlib@openssh.com", "none"});
    CHECK(tunnel({"-p2222", "gw", "1:h:2"}).server.port == 2222);
    CHECK(tunnel({"-p", "ssh", "gw", "1:h:2"}).server.port == 22);
    CHECK(tunnel({"-lbob", "gw", "1:h:2"}).user == "bob");
    CHECK(tunnel({"-c", "chacha20-poly1305@openssh.com", "gw", "1:h:2"}).ciphers ==
          Words{"chacha20-poly1305@openssh.com"});
    CHECK(tunnel({"-4", "gw", "1:h:2"}).family == AddressFamily::v4);
    CHECK(tunnel({"-6", "gw", "1:h:2"}).family == AddressFamily::v6);
    CHECK(tunnel({"-b", "10.0.0.1", "gw", "1:h:2"}).bind_address == "10.0.0.1");
    CHECK(tunnel({"-axknF", "none", "gw", "1:h:2"}).server.host == "gw");
    CHECK(tunnel({"-2ye", "none", "-m", "hmac-sha2-256", "-Snone", "-I", "none", "gw", "1:h:2"})
              .server.host == "gw");
    CHECK(tunnel({"-l", "first last", "gw", "1:h:2"}).user == "first last");
    CHECK(tunnel({"ssh://first%20last@gw", "1:h:2"}).user == "first last");
    CHECK(tunnel({"127.1", "1:h:2"}).server.host == "127.0.0.1");
    CHECK(tunnel({"-oHostName=::0001", "gw", "1:h:2"}).server.host == "::1");
    CHECK(tunnel({"-oUserKnownHostsFile=/%n", "127.1", "1:h:2"}).user_known_hosts ==
          Words{"/127.1"});
    CHECK(tunnel({"gw", "1:h:2"}).ssh_config == "/home/alice/.ssh/config");
    CHECK(tunnel({"-F", "none", "gw", "1:h:2"}).ssh_config.empty());
    CHECK(tunnel({"-F", "/dev/null", "gw", "1:h:2"}).server.host == "gw");
    CHECK(tunnel({"--", "up", "1:h:2"}).server.host == "up");
    CHECK(tunnel({"alice@up", "1:h:2"}).server.host == "up");

    const TunnelSettings keys = tunnel({"-i", "~/a", "-i", "/b", "gw", "1:h:2"});
    CHECK(keys.identities == Words{"/home/alice/a", "/b"});
    CHECK(!keys.identities_defaulted);
}

TEST_CASE("which word on a matter holds, as ssh -G shows it") {
    CHECK(tunnel({"-l", "bob", "carol@gw", "1:h:2"}).user == "bob");
    CHECK(tunnel({"carol@gw", "-l", "bob", "1:h:2"}).user == "carol");
    CHECK(tunnel({"-p", "1", "-o", "Port=2", "gw", "1:h:2"}).server.port == 1);
    CHECK(tunnel({"-o", "Port=2", "-p", "1", "gw", "1:h:2"}).server.port == 2);
    CHECK(tunnel({"-p", "1", "ssh://gw:2", "1:h:2"}).server.port == 1);
    CHECK(tunnel({"gw:2", "-p", "1", "1:h:2"}).server.port == 2);
    CHECK(tunnel({"-oPort=2", "-oPort=1", "gw", "1:h:2"}).server.port == 2);

    const std::string aes = "aes256-gcm@openssh.com";
    const std::string chacha = "chacha20-poly1305@openssh.com";
    CHECK(tunnel({"-c", chacha, "-c", aes, "gw", "1:h:2"}).ciphers == Words{aes});
    CHECK(tunnel({"-oCiphers=" + chacha, "-c", aes, "gw", "1:h:2"}).ciphers == Words{aes});
    CHECK(tunnel({"-c", chacha, "-oCiphers=" + aes, "gw", "1:h:2"}).ciphers == Words{chacha});
    CHECK(tunnel({"-4", "-6", "gw", "1:h:2"}).family == AddressFamily::v6);
    CHECK(tunnel({"-oAddressFamily=inet", "-6", "gw", "1:h:2"}).family == AddressFamily::v6);
    CHECK(tunnel({"-b::1", "-b::2", "gw", "1:h:2"}).bind_address == "::2");
    CHECK(tunnel({"-oCompression=no", "-C", "gw", "1:h:2"}).compression.front() != "none");
    CHECK(tunnel({"-C", "-oCompression=no", "gw", "1:h:2"}).compression.front() != "none");
    CHECK(tunnel({"-oGatewayPorts=no", "-g", "gw", "1:h:2"}).forwards[0].bind == "*");
}

TEST_CASE("-g opens the forwards that name no address") {
    const auto forwards =
        tunnel({"-g", "gw", "1:h:2", "localhost:3:h:4", "127.0.0.1:5:h:6"}).forwards;
    CHECK(forwards[0].bind == "*");
    CHECK(forwards[1].bind.empty());
    CHECK(forwards[2].bind == "127.0.0.1");
}

TEST_CASE("command lines that make no sense say why") {
    struct Row {
        Words words;
        std::string error;
    };
    for (const Row& row : {
             Row{{}, "no server is named"},
             Row{{"-v"}, "no server is named"},
             Row{{"gw"}, "no forward is given for gw"},
             Row{{"-v", "up"}, "'up' is a command only as the first word"},
             Row{{"help"}, "'help' is not a command"},
             Row{{"keygn"}, "'keygn' is not a command, and no forward is given, did you mean"},
             Row{{"gw", "1:h:2", "-L", "localhost:1:h:3"}, "local port 1 is given twice"},
             Row{{"gw", "ls"}, "culvert runs no remote command"},
             Row{{"-Z", "gw"}, "unknown flag '-Z'"},
             Row{{"--compress", "gw"}, "unknown flag '--compress'"},
             Row{{"-R", "1:h:2", "gw"}, "-R: this version carries local forwards (-L) only"},
             Row{{"-D", "1080", "gw"}, "-D: this version carries local forwards (-L) only"},
             Row{{"-J", "jump", "gw"}, "-J: this version connects to the server directly"},
             Row{{"-A", "gw"}, "-A: culvert doesn't forward the agent"},
             Row{{"-F", "/x", "gw", "1:h:2"}, "only -F none and -F /dev/null are accepted"},
             Row{{"-c", "3des-cbc", "gw", "1:h:2"},
                 "-c: no cipher '3des-cbc': culvert has aes256-gcm"},
             Row{{"-S", "/x", "gw", "1:h:2"}, "-S: culvert shares no connections"},
             Row{{"-I", "/x", "gw", "1:h:2"}, "-I: culvert takes keys from files"},
             Row{{"-B", "eth0", "gw", "1:h:2"}, "-B: "},
             Row{{"-b", "fe80::1", "gw", "1:h:2"}, "needs its interface: fe80::1%"},
             Row{{"-l", "a;b", "gw", "1:h:2"}, "has a ; in it"},
             Row{{"a;b@gw", "1:h:2"}, "has a ; in it"},
             Row{{"-l", "-x", "gw", "1:h:2"}, "begins with '-'"},
             Row{{"-p", "x", "gw", "1:h:2"}, "-p: 'x' is neither a number"},
             Row{{"-L", "1:2", "gw"}, "'1:2': parts are missing"},
             Row{{"-b", "a b", "gw", "1:h:2"}, "'a b' is not an IP address"},
             Row{{"-o", "BindAddress=eth0", "gw", "1:h:2"}, "'eth0' is not an IP address"},
         }) {
        const std::string error = error_of(row.words);
        CAPTURE(error);
        CHECK(contains(error, row.error));
    }
    Environment nobody = made_up_environment();
    nobody.login.clear();
    CHECK_THROWS_WITH_AS(parse_command_line(Words{"gw", "1:h:2"}, nobody),
                         doctest::Contains("your login name is unknown"), Error);
}
