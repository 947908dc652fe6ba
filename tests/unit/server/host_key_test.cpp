#include "server/host_key.hpp"

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
                 "culvertd: /c\\x0a: not used: clients are shown one host key, /a\n"},
         }) {
        CAPTURE(row.paths.size());
        test::CapturedStderr captured;
        start_log("culvertd");
        CHECK(shown_host_key(row.paths) == "/a");
        CHECK(captured.text() == row.logged);
    }
}

TEST_CASE("a host key is made where it is missing, in its own folder alone") {
    const TemporaryFolder folder;
    SystemRandom random;
    test::CapturedStderr captured;
    start_log("culvertd");
    const std::string path = folder.path("state/key");
    const PublicKey made = load_or_make_host_key(path, random).public_key();
    CHECK(load_or_make_host_key(path, random).public_key() == made);

    // The private half is gone: the public one is worth nothing any more.
    std::filesystem::remove(path);
    const PublicKey again = load_or_make_host_key(path, random).public_key();
    CHECK_FALSE(again == made);
    CHECK(folder.read("state/key.pub").find(again.to_text()) == 0);
    CHECK(captured.text().find("key.pub: replaced: the key it belonged to is gone") !=
          std::string::npos);

    CHECK_THROWS_WITH_AS(load_or_make_host_key(folder.path("no/such/key"), random),
                         doctest::Contains("its folder is missing and can't be made either: no "
                                           "such file"),
                         Error);
}
