#include "common/base/file.hpp"

#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <doctest/doctest.h>

#include "common/base/error.hpp"
#include "tests/unit/common/base/temporary_folder.hpp"

using namespace culvert;

namespace {

std::string error_of(auto&& action) {
    try {
        action();
    } catch (const Error& error) {
        CHECK(error.kind() == ErrorKind::config);
        return error.what();
    }
    return "no error";
}

}  // namespace

TEST_CASE("a file is read whole, up to a limit") {
    const TemporaryFolder folder;
    const std::string path = folder.write("file", std::string(50'000, 'x'));
    CHECK(read_file(path, 50'000).size() == 50'000);
    CHECK(error_of([&] { read_file(path, 49'999); }).find("longer than 49999 bytes") !=
          std::string::npos);
    const std::string missing = folder.path("missing");
    CHECK(error_of([&] { read_file(missing, 10); }) == missing + ": no such file");
    CHECK(!read_file_if_exists(missing, 10));
    CHECK(read_file("/dev/null", 10).empty());
    CHECK(error_of([&] { read_file("/dev/zero", 10); }).find("longer") != std::string::npos);
    CHECK(error_of([&] { read_file(folder.path(), 10); }).find("is a directory") !=
          std::string::npos);
}

TEST_CASE("a FIFO in place of a file holds nobody up") {
    const TemporaryFolder folder;
    const std::string fifo = folder.path("fifo");
    REQUIRE(::mkfifo(fifo.c_str(), 0600) == 0);
    CHECK(error_of([&] { read_file(fifo, 10); }) == fifo + ": not a regular file");
    CHECK(error_of([&] { replace_file(fifo, "x", 0600); }) == fifo + ": not a regular file");
}

TEST_CASE("a file is replaced whole") {
    const TemporaryFolder folder;
    const std::string path = folder.path("file");
    replace_file(path, "one", 0640);
    CHECK(folder.read("file") == "one");
    CHECK(folder.mode("file") == 0640);
    replace_file(path, "two", 0600);
    CHECK(folder.read("file") == "two");
    CHECK(folder.mode("file") == 0600);
    CHECK(folder.number_of_files() == 1);
    CHECK(error_of([&] {
              replace_file(folder.path("no/file"), "x", 0600);
          }).ends_with("no such file"));
}

TEST_CASE("a symbolic link stays one") {
    const TemporaryFolder folder;
    folder.write("real", "old");
    std::filesystem::create_symlink("real", folder.path("link"));
    replace_file(folder.path("link"), "new", 0600);
    CHECK(std::filesystem::is_symlink(folder.path("link")));
    CHECK(folder.read("real") == "new");
}

TEST_CASE("when the new content can't be written, the old one stays") {
    const TemporaryFolder folder;
    const std::string path = folder.write("file", "old");
    rlimit before{};
    REQUIRE(::getrlimit(RLIMIT_FSIZE, &before) == 0);
    // Stands for a full disk: writing beyond fails with EFBIG.
    const auto old_handler = ::signal(SIGXFSZ, SIG_IGN);
    const rlimit full{1'000, before.rlim_max};
    REQUIRE(::setrlimit(RLIMIT_FSIZE, &full) == 0);
    const std::string error = error_of([&] { replace_file(path, std::string(5'000, 'x'), 0600); });
    REQUIRE(::setrlimit(RLIMIT_FSIZE, &before) == 0);
    ::signal(SIGXFSZ, old_handler);
    CHECK(error.starts_with(path + ": "));
    CHECK(folder.read("file") == "old");
    CHECK(folder.number_of_files() == 1);
}
