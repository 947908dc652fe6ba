#include "common/base/pid_file.hpp"

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <optional>
#include <string>

#include <doctest/doctest.h>

#include "common/base/error.hpp"
#include "common/base/file.hpp"
#include "tests/unit/common/base/temporary_folder.hpp"

using namespace culvert;

TEST_CASE("a pid file lives as long as the process, in place of a stale one") {
    const TemporaryFolder folder;
    const std::string path = folder.path("pid");
    std::ofstream{path} << "a stale one that is longer\n";
    std::optional<PidFile> file{path};
    CHECK(read_file(path, 100) == std::to_string(::getpid()) + "\n");
    file.reset();
    CHECK(!std::filesystem::exists(path));
}

TEST_CASE("a pid file that another process has replaced stays") {
    const TemporaryFolder folder;
    const std::string path = folder.path("pid");
    std::optional<PidFile> file{path};
    std::ofstream{path} << "1\n";
    file.reset();
    CHECK(read_file(path, 100) == "1\n");
}

TEST_CASE("the pid file of a process that runs is left alone") {
    const TemporaryFolder folder;
    const std::string path = folder.path("pid");
    std::optional<PidFile> file{path};
    const std::string own = std::to_string(::getpid());
    const std::string text =
        "--pid-file: " + path + ": it is the file of a running process, " + own;
    for (int tries = 0; tries < 2; ++tries)
        CHECK_THROWS_WITH_AS(PidFile{path}, text.c_str(), Error);
    CHECK(read_file(path, 100) == own + "\n");

    // Also where somebody has removed it: there is nobody's file then.
    std::filesystem::remove(path);
    const PidFile next{path};
    file.reset();
    CHECK(std::filesystem::exists(path));
}

TEST_CASE("a process that ends makes room for its successor, whose pid file stays") {
    const TemporaryFolder folder;
    const std::string path = folder.path("pid");
    std::optional<PidFile> before{path};
    before->let_go();
    CHECK(std::filesystem::exists(path));
    std::optional<PidFile> successor{path};
    before.reset();
    CHECK(read_file(path, 100) == std::to_string(::getpid()) + "\n");
    successor.reset();
    CHECK(!std::filesystem::exists(path));

    // Without a successor it goes at the end.
    std::optional<PidFile> last{path};
    last->let_go();
    last.reset();
    CHECK(!std::filesystem::exists(path));
}

TEST_CASE("a device holds nobody's pid") {
    const PidFile one{"/dev/null"};
    const PidFile other{"/dev/null"};
    CHECK(std::filesystem::exists("/dev/null"));
}

TEST_CASE("a pid file that can't be written is an error") {
    const TemporaryFolder folder;
    CHECK_THROWS_AS(PidFile(folder.path()), Error);
    CHECK_THROWS_AS(PidFile{folder.path("missing/pid")}, Error);
    CHECK_THROWS_AS(PidFile{"/dev/full"}, Error);
}
