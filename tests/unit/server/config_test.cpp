#include "server/config.hpp"

#include <string>

#include <doctest/doctest.h>

#include "common/base/error.hpp"
#include "tests/unit/common/base/temporary_folder.hpp"
#include "tests/unit/common/config/made_up_environment.hpp"
#include "tests/unit/common/keys/key_vectors.hpp"

using namespace culvert;

namespace {

using Words = std::vector<std::string>;

const std::string key = "'" + std::string{test::openssh_1_pub} + "'";

ServerConfig parse(const std::string& text) {
    return parse_server_config(text, "d.yaml", made_up_environment());
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

}  // namespace

TEST_CASE("culvertd.yaml with every key (docs/contract.md)") {
    const ServerConfig config = parse(
        "listen: [127.0.0.1:2222, '[::1]:2222', '*:0', 22]\n"
        "host_keys: [~/host_key]\n"
        "ciphers: aes256-gcm@openssh.com\n"
        "compression: [none]\n"
        "kex_algorithms: mlkem768x25519-sha256\n"
        "require_strict_kex: true\n"
        "require_post_quantum: true\n"
        "rekey_limit: 4M\n"
        "threads: 2\n"
        "users:\n"
        "  alice:\n"
        "    authorized_keys: [" +
        key +
        "]\n"
        "    authorized_keys_files: [/etc/culvert/keys/alice]\n"
        "    permit_open: ['pop3.example.com:110', '10.0.0.0/8:*']\n"
        "limits:\n"
        "  login_grace: 5s\n"
        "  login_grace_with_key: 50s\n"
        "  auth_tries: 3\n"
        "  channels: 100\n"
        "  channel_open: 2s\n"
        "  keepalive: 1m\n"
        "  keepalive_misses: 2\n"
        "  max_startups: 5:50:20\n"
        "  unauthenticated_per_source: 4\n"
        "  drain: 1s\n");
    CHECK(config.listen ==
          std::vector<Endpoint>{{"127.0.0.1", 2222}, {"::1", 2222}, {"*", 0}, {"*", 22}});
    CHECK(config.host_keys == Words{"/home/alice/host_key"});
    CHECK(config.ciphers == Words{"aes256-gcm@openssh.com"});
    CHECK(config.compression == Words{"none"});
    CHECK(config.kex_algorithms == Words{"mlkem768x25519-sha256"});
    CHECK(config.require_strict_kex);
    CHECK(config.require_post_quantum);
    CHECK(config.rekey_limit.bytes == 4 * 1024 * 1024);
    CHECK(config.threads == 2);
    const UserConfig& alice = config.users.at("alice");
    CHECK(alice.authorized_keys.size() == 1);
    CHECK(alice.authorized_keys_files == Words{"/etc/culvert/keys/alice"});
    CHECK(alice.permit_open.size() == 2);
    const ServerLimits& limits = config.limits;
    CHECK(limits.login_grace == std::chrono::seconds{5});
    CHECK(limits.login_grace_with_key == std::chrono::seconds{50});
    CHECK(limits.auth_tries == 3);
    CHECK(limits.channels == 100);
    CHECK(limits.channel_open == std::chrono::seconds{2});
    CHECK(limits.keepalive_interval == std::chrono::minutes{1});
    CHECK(limits.keepalive_misses == 2);
    CHECK(limits.max_startups == MaxStartups{5, 50, 20});
    CHECK(limits.unauthenticated_per_source == 4);
    CHECK(limits.drain == std::chrono::seconds{1});
}

TEST_CASE("every key has its default (docs/contract.md)") {
    const ServerConfig config = parse("users: {alice: {authorized_keys: " + key + "}}");
    CHECK(config.listen == std::vector<Endpoint>{{"*", 2222}});
    CHECK(config.host_keys == Words{"/home/alice/.local/state/culvert/ssh_host_ed25519_key"});
    CHECK(config.compression == Words{"zstd@culvert.internal", "zlib@openssh.com", "none"});
    CHECK(config.users.at("alice").permit_open == std::vector{OpenRule{}});
    CHECK(config.limits.login_grace == std::chrono::seconds{30});
    CHECK(config.limits.login_grace_with_key == std::chrono::seconds{120});
    CHECK(config.limits.auth_tries == 6);
    CHECK(config.limits.channels == 16'384);
    CHECK(config.limits.channel_open == std::chrono::seconds{10});
    CHECK(config.limits.keepalive_interval == std::chrono::seconds{15});
    CHECK(config.limits.keepalive_misses == 3);
    CHECK(config.limits.max_startups == MaxStartups{10, 30, 100});
    CHECK(config.limits.unauthenticated_per_source == 32);
    CHECK(config.limits.drain == std::chrono::seconds{30});
    CHECK(parse("users: {a: {authorized_keys: " + key + ", permit_open: []}}")
              .users.at("a")
              .permit_open.empty());
}

TEST_CASE("where a host key is kept that nobody named") {
    Environment root = made_up_environment();
    root.root = true;
    CHECK(default_host_key_path(root) == "/etc/culvert/ssh_host_ed25519_key");
    CHECK(default_host_key_path(made_up_environment({{"XDG_STATE_HOME", "/s"}})) ==
          "/s/culvert/ssh_host_ed25519_key");
    Environment homeless = made_up_environment();
    homeless.home.clear();
    CHECK_THROWS_WITH_AS(default_host_key_path(homeless), doctest::Contains("HOME is not set"),
                         Error);
    CHECK(default_host_key_path(made_up_environment({{"XDG_STATE_HOME", "relative"}})) ==
          "/home/alice/.local/state/culvert/ssh_host_ed25519_key");
}

TEST_CASE("what is wrong is said with its place") {
    struct Row {
        std::string text;
        std::string error;
    };
    const std::string user = "users:\n  alice:\n    ";
    for (const Row& row : {
             Row{"lisen: 22", "d.yaml:1:1: unknown key 'lisen', did you mean 'listen'?"},
             Row{"listen: []", "d.yaml:1:9: listen: an empty list"},
             Row{"host_keys: []", "d.yaml:1:12: host_keys: an empty list"},
             Row{"listen: ['::1:22']", "d.yaml:1:10: listen[0]: '::1:22': an IPv6 address goes in"},
             Row{"listen: 'gw:65536'", "the port is neither"},
             Row{"listen: 65536", "the port is neither"},
             Row{"listen: ':22'", "not an address"},
             Row{"listen: '[gw]:22'", "the brackets hold no IPv6 address"},
             Row{"compression: [lzma]", "d.yaml:1:15: compression[0]: 'lzma' is not a compression"},
             Row{"compression: [none, none]", "compression[1]: is given twice"},
             Row{"compression: []", "compression: an empty list"},
             Row{"ciphers: arcfour", "ciphers: no cipher 'arcfour'"},
             Row{"kex_algorithms: ecdh-sha2-nistp256",
                 "kex_algorithms: no key exchange 'ecdh-sha2-nistp256'"},
             Row{"{kex_algorithms: curve25519-sha256, require_post_quantum: true}",
                 "kex_algorithms: a post-quantum key exchange is required, but the list has "
                 "only curve25519-sha256"},
             Row{"require_strict_kex: maybe", "is not true or false"},
             Row{"rekey_limit: 4MB", "rekey_limit: '4MB' is not a number of bytes"},
             Row{"rekey_limit: 15", "rekey_limit: '15' is not a number of bytes (16 or more)"},
             Row{"threads: -1", "threads: '-1' is not a number from 0 to 1024"},
             Row{"users: [alice]", "users: a list, where a map is expected"},
             Row{user + "permit_open: []", "d.yaml:3:5: users.alice: has no key to log in with"},
             Row{user + "authorised_keys: x", "did you mean 'authorized_keys'?"},
             Row{user + "authorized_keys: ssh-ed25519 AAAA",
                 "d.yaml:3:22: users.alice.authorized_"},
             Row{user + "authorized_keys: '# x'", "is a comment, not a key"},
             Row{user + "authorized_keys: '" + std::string{test::rsa_pub} + "'",
                 "a key of type ssh-rsa: culvertd takes ssh-ed25519 keys only"},
             Row{user + "authorized_keys: 'mystery " + key.substr(1), "unknown option mystery"},
             Row{user + "authorized_keys: 'cert-authority " + key.substr(1), "cert-authority"},
             Row{user + "authorized_keys_files: ~bob/keys", "not other users' home folders"},
             Row{user + "permit_open: ['host']",
                 "d.yaml:3:19: users.alice.permit_open[0]: 'host': the port is missing"},
             Row{user + "permit_open: ['10.0.0.*:80']", "addresses take a prefix"},
             Row{user + "permit_listen: []",
                 "d.yaml:3:20: users.alice.permit_listen: this version of culvertd opens no ports"},
             Row{"users:\n  'a b':\n    authorized_keys: x", "users.a b: not a user name"},
             Row{"users:\n  \"a\\nb\": {}", "not a user name"},
             Row{"limits: {login_grace: 30}", "limits.login_grace: '30' is not a duration"},
             Row{"limits: {login_grace: 0s}", "limits.login_grace: 0 would let nobody in"},
             Row{"limits: {auth_tries: 0}", "limits.auth_tries: '0' is not a number from 1"},
             Row{"limits: {channel: 1}", "limits: unknown key 'channel', did you mean 'channels'?"},
             Row{"limits: {max_startups: 10}", "is not begin:percent:full"},
             Row{"limits: {max_startups: '10:101:100'}", "is not begin:percent:full"},
             Row{"limits: {max_startups: '10:30:5'}", "is not begin:percent:full"},
             Row{"limits: {max_startups: '10:30:100x'}", "is not begin:percent:full"},
             Row{"limits: {max_startups: '-1:30:100'}", "is not begin:percent:full"},
         }) {
        CAPTURE(row.text);
        const std::string error = error_of(row.text);
        CAPTURE(error);
        CHECK(error.find(row.error) != std::string::npos);
        CHECK(error.starts_with("d.yaml:"));
        CHECK(error.find('\n') == std::string::npos);
    }
}

TEST_CASE("an include brings in the users of other files") {
    const TemporaryFolder folder;
    const std::string alice = "users: {alice: {authorized_keys: " + key + "}}\n";
    folder.write("1.yaml", alice);
    const auto read = [&](const std::string& text) {
        return read_server_config(folder.write("d.yaml", text), made_up_environment());
    };
    CHECK(read("include: 1.yaml\n").users.contains("alice"));
    CHECK_THROWS_WITH_AS(read("include: 1.yaml\n" + alice),
                         doctest::Contains("1.yaml:1:16: users.alice: another file has this user"),
                         Error);
}
