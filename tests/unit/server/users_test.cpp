#include "server/users.hpp"

#include <unistd.h>

#include <filesystem>
#include <string>

#include <doctest/doctest.h>

#include "tests/unit/common/base/temporary_folder.hpp"
#include "tests/unit/common/config/made_up_environment.hpp"
#include "tests/unit/common/keys/key_vectors.hpp"
#include "tests/unit/common/net/run.hpp"

using namespace culvert;

namespace {

const std::string line_1{test::openssh_1_pub};
const std::string line_2{test::openssh_2_pub};
const PublicKey key_1 = parse_public_key_line(line_1).key;
const PublicKey key_2 = parse_public_key_line(line_2).key;
const auto now = std::chrono::system_clock::from_time_t(1'700'000'000);

awaitable<void> look_up(const ServerConfig& config, KeyQuestion question, KeyReader& reader,
                        KeyLookup& result) {
    result = co_await look_up_key(config, std::move(question), reader);
}

KeyLookup look_up(const ServerConfig& config, const std::string& user, const PublicKey& key) {
    asio::io_context io;
    KeyReader reader;
    KeyLookup result;
    run(io,
        look_up(config, {user, key, IpAddress::parse("10.0.0.1").value(), now}, reader, result));
    return result;
}

ServerConfig parse(const std::string& text) {
    return parse_server_config(text, "d.yaml", made_up_environment());
}

}  // namespace

TEST_CASE("a user has the keys that are listed, and those of the files") {
    const TemporaryFolder folder;
    const std::string file = folder.write("keys", line_2 + "\n");
    const ServerConfig config = parse(
        "users:\n"
        "  alice:\n"
        "    authorized_keys: ['permitopen=\"a:1\" " +
        line_1 +
        "']\n"
        "    authorized_keys_files: [" +
        file +
        "]\n"
        "    permit_open: ['b:2']\n"
        "  bob: {authorized_keys: '" +
        line_2 + "'}\n");
    REQUIRE(look_up(config, "alice", key_1).allowed);
    CHECK(look_up(config, "alice", key_1).allowed->permit_open.size() == 1);
    CHECK(look_up(config, "alice", key_2).allowed);
    CHECK(!look_up(config, "bob", key_1).allowed);
    CHECK(look_up(config, "bob", key_2).allowed);
    for (const std::string user : {"carol", "", "ALICE", "alice "}) {
        CAPTURE(user);
        CHECK(!look_up(config, user, key_1).allowed);
        CHECK(look_up(config, user, key_1).warnings.empty());
    }
    CHECK(open_rules(config, "alice").front() == OpenRule::parse("b:2"));
    CHECK(open_rules(config, "bob").front() == OpenRule{});
    CHECK(open_rules(config, "carol").size() == 1);
}

TEST_CASE("files are read afresh at each lookup") {
    const TemporaryFolder folder;
    ServerConfig config;
    config.any_user_keys_files = {folder.write("keys", line_1)};
    CHECK(look_up(config, "anybody", key_1).allowed);
    folder.write("keys", line_2);
    CHECK(!look_up(config, "anybody", key_1).allowed);
    CHECK(look_up(config, "anybody", key_2).allowed);
    std::filesystem::remove(folder.path("keys"));
    const KeyLookup gone = look_up(config, "anybody", key_2);
    CHECK(!gone.allowed);
    REQUIRE(gone.warnings.size() == 1);
    CHECK(gone.warnings[0] == folder.path("keys") + ": no such file");
}

TEST_CASE("a file that others may write to lets nobody in") {
    const TemporaryFolder folder;
    ServerConfig config;
    config.any_user_keys_files = {folder.write("open", line_1), folder.write("closed", line_2)};
    std::filesystem::permissions(folder.path("open"), std::filesystem::perms{0620});
    const KeyLookup refused = look_up(config, "anybody", key_1);
    CHECK(!refused.allowed);
    REQUIRE(refused.warnings.size() == 1);
    CHECK(refused.warnings[0].find("chmod go-w") != std::string::npos);
    CHECK(look_up(config, "anybody", key_2).allowed);
}

TEST_CASE("a key that is listed and refused has a warning, a stranger's none") {
    const TemporaryFolder folder;
    ServerConfig config;
    const std::string file = folder.write("keys", "from=\"192.0.2.1\" " + line_1);
    config.any_user_keys_files = {file};
    const KeyLookup refused = look_up(config, "alice", key_1);
    CHECK(!refused.allowed);
    REQUIRE(refused.warnings.size() == 1);
    CHECK(refused.warnings[0] == file + ": line 1: not from 10.0.0.1 (from=\"192.0.2.1\")");
    CHECK(look_up(config, "alice", key_2).warnings.empty());
}

TEST_CASE("whose file it is: anybody's that the command line names, else root's or the user's") {
    if (::geteuid() != 0) return;
    const TemporaryFolder folder;
    constexpr uid_t daemon = 1;  // Debian's account of that name
    const std::string file = folder.write("keys", line_1);
    std::filesystem::permissions(folder.path(), std::filesystem::perms{0755});
    REQUIRE(::chown(file.c_str(), daemon, daemon) == 0);
    ServerConfig config;
    config.users["daemon"].authorized_keys_files = {file};
    config.users["bin"].authorized_keys_files = {file};
    CHECK(look_up(config, "daemon", key_1).allowed);
    const KeyLookup refused = look_up(config, "bin", key_1);
    CHECK(!refused.allowed);
    REQUIRE(refused.warnings.size() == 1);
    CHECK(refused.warnings[0].find("it belongs to daemon") != std::string::npos);
    CHECK(refused.warnings[0].find("(chown root " + file + ")") != std::string::npos);

    config.any_user_keys_files = {file};
    CHECK(look_up(config, "bin", key_1).allowed);
    std::filesystem::permissions(folder.path(), std::filesystem::perms{0777});
    CHECK(!look_up(config, "bin", key_1).allowed);
    CHECK(!look_up(config, "daemon", key_1).allowed);
}
