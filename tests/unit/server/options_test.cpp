#include "server/options.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <string>

#include <doctest/doctest.h>

#include "common/base/error.hpp"
#include "common/log/log.hpp"
#include "server/key_files.hpp"
#include "tests/unit/common/base/temporary_folder.hpp"
#include "tests/unit/common/config/made_up_environment.hpp"
#include "tests/unit/common/keys/key_vectors.hpp"
#include "tests/unit/common/log/captured_stderr.hpp"

using namespace culvert;

namespace {

using Words = std::vector<std::string>;
using Endpoints = std::vector<Endpoint>;

ServeCommand serve(const Words& words) {
    return std::get<ServeCommand>(parse_server_command_line(words).command);
}

std::string error_of(auto&& action) {
    try {
        action();
    } catch (const Error& error) {
        return error.what();
    }
    return "no error";
}

bool contains(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("where culvertd is told to listen") {
    CHECK(serve({"-p", "2022"}).listen == Endpoints{{"*", 2022}});
    CHECK(serve({"-p0"}).listen == Endpoints{{"*", 0}});
    CHECK(serve({"--listen", "127.0.0.1:2022"}).listen == Endpoints{{"127.0.0.1", 2022}});
    CHECK(serve({"--listen=[::1]:1", "--listen", "*:2"}).listen == Endpoints{{"::1", 1}, {"*", 2}});
    CHECK(serve({"--listen", "localhost"}).listen == Endpoints{{"localhost", 2222}});
    CHECK(serve({"--listen", "127.0.0.1", "-p", "7"}).listen == Endpoints{{"127.0.0.1", 7}});
    // It could be [::1]:22 or [::1:22].
    CHECK_THROWS_AS(serve({"--listen", "::1:22"}), Error);
}

TEST_CASE("a port that no address would use is not passed over") {
    CHECK(contains(error_of([] {
                       serve({"-p", "7", "--listen", "127.0.0.1:8"});
                   }),
                   "-p 7: every --listen has a port of its own"));
    CHECK(serve({"-p", "7", "--listen", "127.0.0.1:8", "--listen", "[::1]"}).listen ==
          Endpoints{{"127.0.0.1", 8}, {"::1", 7}});
}

TEST_CASE("a file is read unless quick flags say all") {
    CHECK(serve({}).config_file == "/etc/culvert/culvertd.yaml");
    CHECK(serve({"-t", "-v"}).config_file == "/etc/culvert/culvertd.yaml");
    CHECK(serve({"-c", "x"}).config_file == "x");
    CHECK(serve({"-c", "x", "-p", "1"}).config_file == "x");
    CHECK(!serve({"-p", "1"}).config_file);
    CHECK(!serve({"--authorized-keys", "a"}).config_file);
    CHECK(serve({"--authorized-keys", "a", "--authorized-keys=b"}).authorized_keys ==
          Words{"a", "b"});
    CHECK(serve({"--host-key", "a", "--host-key", "b"}).host_keys == Words{"a", "b"});
    CHECK(serve({"-t"}).check_only);
}

TEST_CASE("flags that are not understood") {
    const auto error = [](const Words& words) {
        return error_of([&] { parse_server_command_line(words); });
    };
    CHECK(contains(error({"--lisen", "x"}), "did you mean '--listen'?"));
    CHECK(contains(error({"-p", "x"}), "-p: 'x' is neither a number"));
    CHECK(contains(error({"-p", "65536"}), "-p: '65536'"));
    CHECK(contains(error({"-p", "1", "-p", "2"}), "-p is given twice"));
    CHECK(contains(error({"culvertd.yaml"}), "culvertd takes no arguments"));
    CHECK(contains(error({"-D"}), "always in the foreground"));
    CHECK(contains(error({"-c", ""}), "empty"));
    CHECK(contains(error({"--listen", "a:b:c"}), "brackets"));
    CHECK(contains(error({"-c"}), "-c needs a value"));
}

TEST_CASE("help and version") {
    const auto text = [](const Words& words) {
        return std::get<PrintText>(parse_server_command_line(words).command).text;
    };
    CHECK(contains(text({"--help"}), "usage: culvertd"));
    CHECK(contains(text({"-h"}), "--authorized-keys FILE"));
    CHECK(text({"-p", "1", "--version"}).starts_with("culvertd "));
    CHECK(parse_server_command_line(Words{"-vv", "--log-time"}).log.level == LogLevel::debug);
    CHECK(parse_server_command_line(Words{"-vv", "--log-time"}).log.time);
}

TEST_CASE("flags alone make a configuration, and go before a file's") {
    const TemporaryFolder folder;
    const Environment environment = made_up_environment();
    const std::string key = "'" + std::string{test::openssh_1_pub} + "'";
    const std::string keys = folder.write("keys", std::string{test::openssh_1_pub});
    const std::string file = folder.write(
        "d.yaml",
        "listen: 127.0.0.1:1\nhost_keys: /k\nusers: {alice: {authorized_keys: " + key + "}}\n");

    const ServerConfig quick =
        load_server_config(serve({"-p", "7", "--authorized-keys", keys}), environment);
    CHECK(quick.listen == Endpoints{{"*", 7}});
    CHECK(quick.any_user_keys_files == Words{keys});
    CHECK(quick.users.empty());
    CHECK(quick.host_keys == Words{default_host_key_path(environment)});
    CHECK(load_server_config(serve({"--authorized-keys", keys}), environment).listen ==
          Endpoints{{"*", 2222}});

    const ServerConfig from_file = load_server_config(serve({"-c", file}), environment);
    CHECK(from_file.listen == Endpoints{{"127.0.0.1", 1}});
    CHECK(from_file.host_keys == Words{"/k"});

    const ServerConfig both = load_server_config(
        serve({"-c", file, "-p", "7", "--host-key", "/h", "--authorized-keys", keys}), environment);
    CHECK(both.listen == Endpoints{{"*", 7}});
    CHECK(both.host_keys == Words{"/h"});
    CHECK(both.users.size() == 1);
    CHECK(both.any_user_keys_files == Words{keys});
}

TEST_CASE("a configuration that lets nobody in, or names files that aren't there") {
    const TemporaryFolder folder;
    const auto error = [&](const Words& words) {
        return error_of([&] { load_server_config(serve(words), made_up_environment()); });
    };
    CHECK(contains(error({"-p", "1"}), "nobody could log in"));
    const std::string empty = folder.write("empty.yaml", "listen: 1\n");
    CHECK(contains(error({"-c", empty}), empty + ": nobody could log in"));
    CHECK(error({"--authorized-keys", folder.path("x")}) == folder.path("x") + ": no such file");
    CHECK(error({"-c", folder.path("x.yaml")}) == folder.path("x.yaml") + ": no such file");
}

TEST_CASE("a user's own bad file is a line in the log and stops nobody else") {
    const TemporaryFolder folder;
    const std::string good = folder.write("good", std::string{test::openssh_1_pub});
    const std::string secret = folder.write("secret", "-----BEGIN OPENSSH PRIVATE KEY-----\n");
    const std::string open = folder.write("open", std::string{test::openssh_1_pub});
    std::filesystem::permissions(open, std::filesystem::perms{0666});
    const std::string file =
        folder.write("d.yaml", "users:\n  alice: {authorized_keys_files: [" + folder.path("gone") +
                                   ", " + secret + "]}\n  bob: {authorized_keys_files: [" + open +
                                   ", " + good + ", " + folder.path() + "]}\n");
    test::CapturedStderr captured;
    start_log("culvertd");
    const ServerConfig config = load_server_config(serve({"-c", file}), made_up_environment());
    CHECK(check_user_key_files(config) == 4);
    const std::string text = captured.text();
    CAPTURE(text);
    CHECK(contains(
        text, "alice can't log in with this file: " + folder.path("gone") + ": no such file\n"));
    CHECK(contains(text, secret + ": a private key"));
    CHECK(contains(text, "bob can't log in with this file: " + open + ": not trusted"));
    CHECK(contains(text, "hint: chmod go-w " + open));
    CHECK(contains(text, folder.path() + ": is a directory"));
}

TEST_CASE("whose files the configuration and what it includes may be") {
    const TemporaryFolder folder;
    const std::string part =
        "users: {alice: {authorized_keys: '" + std::string{test::openssh_1_pub} + "'}}\n";
    const std::string included = folder.write("part.yaml", part);
    const std::string file = folder.write("d.yaml", "include: part.yaml\n");
    const auto load = [&](mode_t file_mode, mode_t included_mode) {
        std::filesystem::permissions(file, std::filesystem::perms{file_mode});
        std::filesystem::permissions(included, std::filesystem::perms{included_mode});
        return error_of([&] { load_server_config(serve({"-c", file}), made_up_environment()); });
    };
    CHECK(load(0644, 0644) == "no error");
    CHECK(contains(load(0664, 0644), file + ": not trusted"));
    CHECK(contains(load(0644, 0646), included + ": not trusted"));
    if (::geteuid() != 0) return;
    CHECK(::chown(file.c_str(), 54'321, 54'321) == 0);
    CHECK(load(0644, 0644) == "no error");
    CHECK(contains(error_of([&] { read_server_config(file, made_up_environment()); }),
                   file + ": not trusted: it belongs to user 54321"));
    CHECK(::chown(included.c_str(), 54'321, 54'321) == 0);
    CHECK(contains(load(0644, 0644), included + ": not trusted: it belongs to user 54321"));
}

TEST_CASE("two keys on one line are named with file and line") {
    const TemporaryFolder folder;
    const std::string joined = std::string{test::openssh_1_pub} + std::string{test::openssh_2_pub};
    const std::string keys = folder.write("keys", "# ours\n" + joined + "\n");
    test::CapturedStderr captured;
    start_log("culvertd");
    load_server_config(serve({"--authorized-keys", keys}), made_up_environment());
    CHECK(contains(captured.text(), keys + ":2: a second key on this line"));
    // YAML folds lines: it makes one of two without its sign for a list.
    const auto in_yaml = [](std::string_view line) {
        return "      " + std::string{line.substr(0, line.find(" ED25519"))} + " alice\n";
    };
    const std::string file =
        folder.write("d.yaml", "users:\n  alice:\n    authorized_keys:\n" +
                                   in_yaml(test::openssh_1_pub) + in_yaml(test::openssh_2_pub));
    CHECK(contains(error_of([&] {
                       load_server_config(serve({"-c", file}), made_up_environment());
                   }),
                   "users.alice.authorized_keys: a second key on this line"));
}

TEST_CASE("what only goes with -t") {
    CHECK(serve({"-t", "--user", "culvert"}).check_as == "culvert");
    CHECK(serve({"--reload", "-t"}).check_reload);
    CHECK(contains(error_of([] { serve({"--user", "culvert"}); }), "--user needs -t"));
    CHECK(contains(error_of([] { serve({"--reload", "-p", "1"}); }), "--reload needs -t"));
    CHECK(contains(error_of([] { serve({"-t", "--user", ""}); }), "--user: the name is empty"));
}

TEST_CASE("files that hold no keys to log in with are named at the start") {
    const TemporaryFolder folder;
    const auto load = [&](const std::string& text) {
        const std::string keys = folder.write("keys", text);
        return error_of([&] {
            load_server_config(serve({"--authorized-keys", keys}), made_up_environment());
        });
    };
    CHECK(contains(load("-----BEGIN OPENSSH PRIVATE KEY-----\n"), "keys: a private key, where"));

    test::CapturedStderr captured;
    start_log("culvertd");
    CHECK(load("# mine\n\nnonsense\nssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAAwEAAQ== a\n") ==
          "no error");
    const std::string text = captured.text();
    CAPTURE(text);
    CHECK(contains(text, "keys:3: lets nobody in: "));
    CHECK(contains(text, "keys:4: lets nobody in: "));
    CHECK(contains(text, "keys: no key in it lets anybody in"));
}

TEST_CASE("files with keys to log in with cost no line") {
    const TemporaryFolder folder;
    const std::string keys = folder.write("keys", std::string{test::openssh_1_pub});
    test::CapturedStderr captured;
    start_log("culvertd");
    load_server_config(serve({"--authorized-keys", keys}), made_up_environment());
    CHECK(captured.text().empty());
}
