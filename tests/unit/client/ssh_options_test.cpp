#include "client/ssh_options.hpp"

#include <string>

#include <doctest/doctest.h>

#include "tests/unit/client/command_line.hpp"

using namespace culvert;
using namespace culvert::test;

TEST_CASE("-o takes ssh's options in all their spellings (ssh_config(5))") {
    CHECK(with_option("Port=2222").server.port == 2222);
    CHECK(with_option("Port 2222").server.port == 2222);
    CHECK(with_option("port = 2222").server.port == 2222);
    CHECK(with_option("PORT\t2222").server.port == 2222);
    CHECK(with_option(" Port = \"2222\" ").server.port == 2222);
    CHECK(tunnel({"-oPort=2222", "gw", "1:h:2"}).server.port == 2222);

    CHECK(with_option("User=bob").user == "bob");
    CHECK(with_option("HostName=10.0.0.1").server.host == "10.0.0.1");
    CHECK(with_option("HostName=10.0.0.1").name == "gw");
    CHECK(with_option("HostKeyAlias=other").host_key_alias == "other");
    CHECK(with_option("BatchMode=yes").batch_mode);
    CHECK(with_option("StrictHostKeyChecking=accept-new").strict_host_key_checking ==
          StrictHostKeyChecking::accept_new);
    CHECK(with_option("StrictHostKeyChecking=off").strict_host_key_checking ==
          StrictHostKeyChecking::no);
    CHECK(with_option("StrictHostKeyChecking=yes").strict_host_key_checking ==
          StrictHostKeyChecking::yes);
    CHECK(with_option("UserKnownHostsFile=~/a /b").user_known_hosts ==
          Words{"/home/alice/a", "/b"});
    CHECK(with_option("UserKnownHostsFile=none").user_known_hosts.empty());
    CHECK(with_option("GlobalKnownHostsFile=~/a /dev/null").global_known_hosts ==
          Words{"/home/alice/a", "/dev/null"});
    CHECK(with_option("HashKnownHosts=yes").hash_known_hosts);
    CHECK(with_option("ConnectTimeout=7").connect_timeout == std::chrono::seconds{7});
    CHECK(with_option("ConnectTimeout=1m30s").connect_timeout == std::chrono::seconds{90});
    CHECK(with_option("ConnectionAttempts=3").connection_attempts == 3);
    CHECK(with_option("Connections=4").connections == 4);
    CHECK(with_option("ServerAliveInterval=0").keepalive_interval.count() == 0);
    CHECK(with_option("ServerAliveCountMax=5").keepalive_misses == 5);
    CHECK(!with_option("TCPKeepAlive=no").tcp_keepalive);
    CHECK(with_option("ExitOnForwardFailure=yes").exit_on_forward_failure);
    CHECK(with_option("Compression=yes").compression.front() == "zstd@culvert.internal");
    CHECK(with_option("Ciphers=aes256-gcm@openssh.com").ciphers == Words{"aes256-gcm@openssh.com"});
    CHECK(with_option("KexAlgorithms=curve25519-sha256").kex_algorithms ==
          Words{"curve25519-sha256"});
    CHECK(with_option("IdentityFile=~/a").identities == Words{"/home/alice/a"});
    CHECK(with_option("IdentitiesOnly=yes").identities_only);
    CHECK(!with_option("IdentityAgent=none").agent);
    CHECK(with_option("IdentityAgent=~/agent").agent == "/home/alice/agent");
    CHECK(with_option("IdentityAgent=SSH_AUTH_SOCK").agent == "/run/agent");
    CHECK(!with_option("IdentityAgent=$OTHER").agent);
    CHECK(with_option("AddressFamily=inet6").family == AddressFamily::v6);
    CHECK(with_option("BindAddress=10.0.0.1").bind_address == "10.0.0.1");
    CHECK(with_option("GatewayPorts=yes").forwards[0].bind == "*");
    CHECK(with_option("RekeyLimit=16K").rekey_limit.bytes == 16'384);
    CHECK(with_option("RekeyLimit=1G 1h").rekey_limit.bytes == 1'073'741'824);
    CHECK(with_option("RekeyLimit=1G 1h").rekey_limit.after == std::chrono::hours{1});
    CHECK(!with_option("RekeyLimit=default none").rekey_limit.bytes);
    CHECK(with_option("RekeyLimit=default none").rekey_limit.after == std::chrono::seconds{0});
    CHECK(with_option("RekeyLimit=1G none").rekey_limit.after == std::chrono::seconds{0});
    CHECK(!with_option("RekeyLimit=1G").rekey_limit.after);
    CHECK(!with_option("RekeyLimit=0").rekey_limit.bytes);
    CHECK(with_option("RekeyLimit=0 2h").rekey_limit.after == std::chrono::hours{2});
    CHECK(with_option("ConnectTimeout=0").connect_timeout >= std::chrono::hours{1});
    CHECK(with_option("ConnectTimeout=none").connect_timeout >= std::chrono::hours{1});
    CHECK(with_option("ServerAliveInterval=none").keepalive_interval.count() == 0);
    CHECK(with_option("Ciphers=-aes*").ciphers == Words{"chacha20-poly1305@openssh.com"});
    CHECK(with_option("Ciphers=^chacha20-poly1305@openssh.com").ciphers ==
          Words{"chacha20-poly1305@openssh.com", "aes256-gcm@openssh.com"});
    CHECK(with_option("KexAlgorithms=-*libssh*,sntrup*").kex_algorithms ==
          Words{"mlkem768x25519-sha256", "curve25519-sha256"});
    CHECK(with_option("RequirePostQuantum=yes").require_post_quantum);
    CHECK(!with_option("RequirePostQuantum=no").require_post_quantum);
    CHECK_THROWS_WITH_AS(
        parse({"-oRequirePostQuantum=yes", "-oKexAlgorithms=curve25519-sha256", "gw", "1:h:2"}),
        "a post-quantum key exchange is required, but the list has only "
        "curve25519-sha256",
        Error);
    CHECK(parse({"-oLogLevel=VERBOSE", "gw", "1:h:2"}).log.level == LogLevel::verbose);
    CHECK(parse({"-q", "-oLogLevel=VERBOSE", "gw", "1:h:2"}).log.level == LogLevel::error);
    for (const std::string option :
         {"ControlMaster=no", "ControlPath=none", "PasswordAuthentication=no", "RequestTTY=no",
          "PasswordAuthentication=false", "PubkeyAuthentication=TRUE"}) {
        CAPTURE(option);
        CHECK(with_option(option).server.host == "gw");
    }
}

TEST_CASE("tokens in names and paths (ssh_config(5), TOKENS)") {
    CHECK(with_option("HostName=%h.example.com").server.host == "gw.example.com");
    CHECK(with_option("HostName=a%%b").server.host == "a%b");
    const Words words{"-o",     "HostName=real",
                      "-p",     "2222",
                      "-o",     "HostKeyAlias=alias",
                      "-i",     "%d/%u_%%/id",
                      "bob@gw", "1:h:2",
                      "-o",     "IdentityAgent=%d/%k",
                      "-o",     "IdentityFile=~/%h_%n",
                      "-o",     "UserKnownHostsFile=/%r /%p"};
    const TunnelSettings settings = tunnel(words);
    CHECK(settings.identities == Words{"/home/alice/alice_%/id", "/home/alice/real_gw"});
    CHECK(settings.agent == "/home/alice/alias");
    CHECK(settings.user_known_hosts == Words{"/bob", "/2222"});
    CHECK(with_option("IdentityFile=%k").identities == Words{"gw"});
}

TEST_CASE("IdentityFile=none leaves out the default file only") {
    const TunnelSettings none = with_option("IdentityFile=none");
    CHECK(none.identities.empty());
    CHECK(!none.identities_defaulted);
    CHECK(tunnel({"-oIdentityFile=none", "-i", "/k", "gw", "1:h:2"}).identities == Words{"/k"});
}

TEST_CASE("ServerAliveCountMax=0 ends at the first silence, if there is an interval") {
    CHECK(with_option("ServerAliveCountMax=0").keepalive_interval.count() == 0);
    const TunnelSettings both =
        tunnel({"-oServerAliveCountMax=0", "-oServerAliveInterval=7", "gw", "1:h:2"});
    CHECK(both.keepalive_misses == 0);
    CHECK(both.keepalive_interval == std::chrono::seconds{7});
}

TEST_CASE("an -o that is not understood is an error") {
    struct Row {
        std::string option;
        std::string error;
    };
    for (const Row& row : {
             Row{"Prot=22", "-o Prot: culvert has no such option, did you mean 'Port'?"},
             Row{"ProxyJump=x",
                 "-o ProxyJump=x: it reaches the server through another one; only "
                 "ProxyJump=none is accepted"},
             Row{"LocalForward=1 h:2", "-o LocalForward=1 h:2: it is a forward"},
             Row{"BindAdress=x", "did you mean 'BindAddress'?"},
             Row{"ControlMatser=x", "did you mean 'ControlMaster'?"},
             Row{"ServerAlive=5", "-o ServerAlive: culvert has no such option"},
             Row{"AddKeysToAgent=yes",
                 "-o AddKeysToAgent=yes: it adds the key that logs in to "
                 "the agent; only AddKeysToAgent=no is accepted"},
             Row{"GSSAPIAuthentication=yes", "only GSSAPIAuthentication=no is accepted"},
             Row{"PreferredAuthentications=password", "only a list with publickey is accepted"},
             Row{"HostKeyAlgorithms=ssh-rsa", "only a list with ssh-ed25519 is accepted"},
             Row{"HostKeyAlgorithms=-ssh-ed*", "only a list with ssh-ed25519 is accepted"},
             Row{"ProxyCommand=nc %h %p", "it reaches the server through a program"},
             Row{"RequestTTY=force", "only RequestTTY=no or auto is accepted"},
             Row{"RemoteCommand=ls -l", "culvert runs none"},
             Row{"ClearAllForwardings=yes", "only ClearAllForwardings=no is accepted"},
             Row{"Include=/x", "culvert reads no ssh_config"},
             Row{"ControlPath=no", "only ControlPath=none is accepted"},
             Row{"", "-o : culvert has no such option"},
             Row{"Port", "-o Port: the value is missing"},
             Row{"Port=", "-o Port: the value is missing"},
             Row{"Port=\"\"", "-o Port: the value is missing"},
             Row{"Port=0", "-o Port: '0' is not a port"},
             Row{"Port=65536", "-o Port: '65536' is not a port"},
             Row{"BatchMode=maybe", "-o BatchMode: 'maybe' is not yes or no"},
             Row{"StrictHostKeyChecking=never", "'never' is not yes, accept-new, ask or no"},
             Row{"ConnectTimeout=-1", "is not a time in seconds"},
             Row{"ConnectTimeout=500ms", "is not a time in seconds"},
             Row{"ConnectionAttempts=0", "is not a number from 1"},
             Row{"Connections=0", "is not a number from 1 to 64"},
             Row{"Connections=65", "is not a number from 1 to 64"},
             Row{"Threads=0", "is not a number from 1"},
             Row{"Ciphers=aes128-ctr", "no cipher 'aes128-ctr'"},
             Row{"KexAlgorithms=x", "no key exchange 'x'"},
             Row{"RekeyLimit=1X", "-o RekeyLimit:"},
             Row{"RekeyLimit=8", "-o RekeyLimit:"},
             Row{"RekeyLimit=99999999999G", "-o RekeyLimit:"},
             Row{"RekeyLimit=1G 1h 1", "-o RekeyLimit:"},
             Row{"User=-x", "-o User: the user name '-x' begins with '-'"},
             Row{"User=a b", "-o User: takes one value and was given 2 words"},
             Row{"User='a;b'", "has a ; in it"},
             Row{"HostName=%n.example.com", "unknown token '%n'; the tokens here are %%, %h"},
             Row{"HostName=-%h", "begins with '-'"},
             Row{"HostName=a\nb", "control"},
             Row{"IdentityFile=%x/id", "unknown token '%x'; the tokens here are %%, %d, %h"},
             Row{"IdentityFile=id%", "unknown token '%'"},
             Row{"UserKnownHostsFile=%C", "unknown token '%C'"},
             Row{"IdentityFile=~bob/id", "not other users' home folders"},
             Row{"ControlMaster=auto", "only ControlMaster=no is accepted"},
             Row{"ForwardAgent=yes", "only ForwardAgent=no is accepted"},
             Row{"LogLevel=LOUD", "-o LogLevel:"},
             Row{"AddressFamily=4", "-o AddressFamily:"},
         }) {
        CAPTURE(row.option);
        const std::string error = error_of({"-o", row.option, "gw", "1:h:2"});
        CAPTURE(error);
        CHECK(contains(error, row.error));
        CHECK(!contains(error, "\n"));
    }
}

TEST_CASE("options that change nothing here are taken (ssh_config(5))") {
    for (const std::string option : {"CheckHostIP=no",
                                     "CheckHostIP=yes",
                                     "UpdateHostKeys=yes",
                                     "UpdateHostKeys=no",
                                     "GSSAPIAuthentication=no",
                                     "gssapiauthentication=NO",
                                     "PreferredAuthentications=publickey",
                                     "PreferredAuthentications=publickey,password",
                                     "ProxyCommand=none",
                                     "ProxyJump=none",
                                     "StdinNull=yes",
                                     "IPQoS=lowdelay throughput",
                                     "IPQoS=none",
                                     "VisualHostKey=yes",
                                     "AddKeysToAgent=no",
                                     "EscapeChar=none",
                                     "EscapeChar=~",
                                     "SendEnv=LANG LC_*",
                                     "SetEnv=\"A=b c\"",
                                     "ForwardX11Trusted=yes",
                                     "MACs=hmac-sha2-256",
                                     "Tunnel=no",
                                     "HostKeyAlgorithms=ssh-ed25519,rsa-sha2-512",
                                     "HostKeyAlgorithms=+ssh-rsa",
                                     "HostKeyAlgorithms=-ssh-dss*",
                                     "PubkeyAcceptedKeyTypes=+ssh-rsa",
                                     "Protocol=2",
                                     "NumberOfPasswordPrompts=0",
                                     "RequestTTY=auto",
                                     "VerifyHostKeyDNS=no",
                                     "CanonicalizeHostname=no",
                                     "ChallengeResponseAuthentication=no",
                                     "LocalCommand=echo a b",
                                     "PubkeyAuthentication=unbound",
                                     "FingerprintHash=sha256",
                                     "RemoteCommand=none",
                                     "NoHostAuthenticationForLocalhost=no",
                                     "PKCS11Provider=none",
                                     "RequiredRSASize=2048",
                                     "CertificateFile=none",
                                     "ClearAllForwardings=no",
                                     "ForkAfterAuthentication=no"}) {
        CAPTURE(option);
        CHECK(with_option(option).server.host == "gw");
    }
}

TEST_CASE("IgnoreUnknown makes names that ssh wouldn't know either no error") {
    CHECK(tunnel({"-oIgnoreUnknown=GPGKey*,MyOwn", "-oGPGKeyFile=x", "-omyown=y", "gw", "1:h:2"})
              .server.host == "gw");
    CHECK(contains(error_of({"-oIgnoreUnknown=MyOwn", "-oOther=x", "gw", "1:h:2"}),
                   "culvert has no such option"));
}

TEST_CASE("what is taken and would have an effect in ssh is said") {
    const auto notes = [](const std::string& option) {
        return std::get<TunnelCommand>(parse({"-o", option, "gw", "1:h:2"}).command).notes;
    };
    CHECK(notes("CheckHostIP=no").empty());
    REQUIRE(notes("CheckHostIP=yes").size() == 1);
    CHECK(notes("CheckHostIP=yes")[0].level == LogLevel::info);
    REQUIRE(notes("IPQoS=af21 cs1").size() == 1);
    CHECK(notes("IPQoS=af21 cs1")[0].level == LogLevel::verbose);
    CHECK(notes("IPQoS=af21 cs1")[0].text ==
          "-o IPQoS=af21 cs1: without effect here: in ssh it marks packets for routers (DSCP)");
}

TEST_CASE("a command's value is taken as it stands, as by ssh") {
    const auto note = [](const std::string& option) {
        const auto notes =
            std::get<TunnelCommand>(parse({"-o", option, "gw", "1:h:2"}).command).notes;
        REQUIRE(notes.size() == 1);
        return notes.front().text;
    };
    const auto error = [](const std::string& option) {
        return error_of({"-o", option, "gw", "1:h:2"});
    };
    CHECK(note("LocalCommand=#x").starts_with("-o LocalCommand=#x: "));
    CHECK(note("LocalCommand=play '#1' # loud").starts_with("-o LocalCommand=play '#1' # loud: "));
    CHECK(note("LocalCommand = a  \"b c\" ").starts_with("-o LocalCommand=a  \"b c\": "));
    CHECK(contains(error("ProxyCommand=#x"), "-o ProxyCommand=#x: it reaches"));
    CHECK(contains(error("ProxyCommand='none'"), "-o ProxyCommand='none': it reaches"));
    CHECK(contains(error("RemoteCommand=\"none\""), "culvert runs none"));
    CHECK(contains(error("KnownHostsCommand=#x"), "-o KnownHostsCommand=#x: it asks"));
    CHECK(contains(error("ProxyJump='none'"), "-o ProxyJump='none': it reaches"));
    CHECK(with_option("ProxyCommand= NONE ").server.host == "gw");
    // Everywhere ssh refuses a quote that is not closed, and no value at all.
    CHECK(contains(error("LocalCommand=notify-send it's up"), "not closed"));
    CHECK(contains(error("LocalCommand="), "the value is missing"));
    CHECK(contains(error("LocalCommand= "), "the value is missing"));
}
