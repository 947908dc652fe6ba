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

TEST_CASE("a pid file that can't be written is an error") {
    const TemporaryFolder folder;
    CHECK_THROWS_AS(PidFile(folder.path()), Error);
    CHECK_THROWS_AS(PidFile{folder.path("missing/pid")}, Error);
    CHECK_THROWS_AS(PidFile{"/dev/full"}, Error);
}
