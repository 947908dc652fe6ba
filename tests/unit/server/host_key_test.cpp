#include "server/host_key.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "common/base/error.hpp"
#include "common/log/log.hpp"
#include "tests/unit/common/base/temporary_folder.hpp"
#include "tests/unit/common/log/captured_stderr.hpp"

using namespace culvert;

TEST_CASE("of several host keys the first is shown, and the log names the others") {
    struct Row {
        std::vector<std::string> paths;
        std::string logged;
    };
    for (const Row& row : {
             Row{{"/a"}, ""},
             Row{{"/a", "/b", "/c\n"},
                 "culvertd: /b: not used: clients are shown one host key, /a\n"
                 "culvertd: $'/c\\012': not used: clients are shown one host key, /a\n"},
         }) {
        CAPTURE(row.paths.size());
        test::CapturedStderr captured;
        start_log("culvertd");
        CHECK(shown_host_key(row.paths) == "/a");
        CHECK(captured.text() == row.logged);
    }
}

TEST_CASE("a host key is made where it is missing, with every folder above it, for its owner") {
    const TemporaryFolder folder;
    SystemRandom random;
    test::CapturedStderr captured;
    start_log("culvertd");
    const mode_t before = ::umask(0);
    const std::string path = folder.path(".local/state/culvert/key");
    const PublicKey made = load_or_make_host_key({path, {}}, random).public_key();
    for (const char* one : {".local", ".local/state", ".local/state/culvert"}) {
        CHECK(folder.mode(one) == 0700);
    }
    // Ours is for us alone also where its parent is there.
    (void)load_or_make_host_key({folder.path(".local/state/other/key"), {}}, random);
    CHECK(folder.mode(".local/state/other") == 0700);
    ::umask(before);
    CHECK(folder.mode(".local/state/culvert/key") == 0600);
    CHECK(load_or_make_host_key({path, {}}, random).public_key() == made);

    // The private half is gone: the public one is worth nothing any more.
    std::filesystem::remove(path);
    const PublicKey again = load_or_make_host_key({path, {}}, random).public_key();
    CHECK_FALSE(again == made);
    CHECK(folder.read(".local/state/culvert/key.pub").find(again.to_text()) == 0);
    const std::string log = captured.text();
    CHECK(log.find("made the folder " + folder.path(".local/state") + "\n") != std::string::npos);
    CHECK(log.find("key.pub: replaced: the key it belonged to is gone") != std::string::npos);

    const std::string file = folder.write("file", "");
    CHECK_THROWS_WITH_AS(load_or_make_host_key({file + "/a/key", {}}, random),
                         doctest::Contains("is missing and can't be made: "), Error);
}

TEST_CASE("without leave to make a host key none is made") {
    const TemporaryFolder folder;
    const std::string path = folder.path("culvert/key");
    for (const char* missing : {"key", "culvert/key"}) {
        CHECK_THROWS_WITH_AS(load_host_key({folder.path(missing), {}}),
                             doctest::Contains("is missing"), Error);
    }
    CHECK(folder.number_of_files() == 0);
    test::CapturedStderr captured;
    start_log("culvertd");
    check_host_key({path, {}});
    CHECK(captured.text() ==
          "culvertd: the host key " + path + " doesn't exist yet: it would be made\n");
    CHECK(folder.number_of_files() == 0);
}

TEST_CASE("a host key that others can change is not used") {
    const TemporaryFolder folder;
    SystemRandom random;
    test::CapturedStderr captured;
    start_log("culvertd");
    const HostKeyFile file{folder.path("key"), {}};
    const PublicKey made = load_or_make_host_key(file, random).public_key();
    std::filesystem::permissions(folder.path(), std::filesystem::perms{0777});
    CHECK_THROWS_WITH_AS(load_host_key(file), doctest::Contains("others than its owner may"),
                         Error);
    std::filesystem::permissions(folder.path(), std::filesystem::perms{0700});
    CHECK(load_host_key(file).public_key() == made);
    if (::geteuid() != 0) return;
    REQUIRE(::chown(file.path.c_str(), 54'321, 54'321) == 0);
    CHECK_THROWS_WITH_AS(load_host_key(file), doctest::Contains("belongs to user 54321"), Error);
    CHECK(load_host_key({file.path, {.anybody = true}}).public_key() == made);
}
