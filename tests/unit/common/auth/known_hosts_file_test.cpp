#include "common/auth/known_hosts_file.hpp"

#include <array>
#include <string>

#include <doctest/doctest.h>

#include "common/base/error.hpp"
#include "tests/unit/common/base/temporary_folder.hpp"
#include "tests/unit/common/crypto/test_random.hpp"
#include "tests/unit/common/keys/key_vectors.hpp"

using namespace culvert;

namespace {

const PublicKey key_1 = parse_public_key_line(test::openssh_1_pub).key;
const PublicKey key_2 = parse_public_key_line(test::openssh_2_pub).key;

void add(const std::string& path, const std::string& host, std::uint16_t port,
         HashNames hash_names = HashNames::as_the_file_does) {
    SystemRandom random;
    add_known_host(path, host, port, key_1, hash_names, random);
}

KnownHostState look_up(const std::string& path, const std::string& host, std::uint16_t port) {
    const std::array files{read_known_hosts(path)};
    return look_up_known_host(files, host, port, key_1).state;
}

}  // namespace

TEST_CASE("a file that isn't there knows no hosts; one that can't be read is an error") {
    const TemporaryFolder folder;
    CHECK(read_known_hosts(folder.path("none")).entries.empty());
    CHECK_THROWS_AS(read_known_hosts(folder.path()), Error);
    CHECK(read_known_hosts("/dev/null").entries.empty());
}

TEST_CASE("a first host makes the file and its folder") {
    const TemporaryFolder folder;
    const std::string path = folder.path(".ssh/known_hosts");
    add(path, "gw", 2222);
    CHECK(folder.read(".ssh/known_hosts") == "[gw]:2222 " + key_1.to_text() + "\n");
    CHECK(folder.mode(".ssh") == 0700);
    CHECK(folder.mode(".ssh/known_hosts") == 0600);
}

TEST_CASE("a host is added behind what is there, and the mode stays") {
    const TemporaryFolder folder;
    const std::string path = folder.write("kh", "# mine\nother " + key_2.to_text());
    std::filesystem::permissions(path, std::filesystem::perms{0644});
    add(path, "gw", 22);
    CHECK(folder.read("kh") ==
          "# mine\nother " + key_2.to_text() + "\ngw " + key_1.to_text() + "\n");
    CHECK(folder.mode("kh") == 0644);
    CHECK(folder.number_of_files() == 1);
}

TEST_CASE("names are hashed where the others are, or where it is asked for") {
    const TemporaryFolder folder;
    const std::string path = folder.path("kh");
    add(path, "first", 22, HashNames::yes);
    add(path, "second", 2222);
    const std::string text = folder.read("kh");
    CHECK(text.find("first") == std::string::npos);
    CHECK(text.find("second") == std::string::npos);
    CHECK(look_up(path, "first", 22) == KnownHostState::match);
    CHECK(look_up(path, "second", 2222) == KnownHostState::match);
    CHECK(look_up(path, "third", 22) == KnownHostState::unknown);
}

TEST_CASE("/dev/null keeps nothing, and stays a device") {
    add("/dev/null", "gw", 22);
    CHECK(std::filesystem::is_character_file("/dev/null"));
}

TEST_CASE("a name that would mean other hosts is not written") {
    const TemporaryFolder folder;
    const std::string path = folder.write("kh", "");
    for (const std::string host : {"*", "a,b", "!a", "#a", "@revoked", "|1|", "a b", "a\nb"}) {
        CAPTURE(host);
        CHECK_THROWS_AS(add(path, host, 22), Error);
    }
    CHECK(folder.read("kh").empty());
}
