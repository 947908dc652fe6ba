#include "common/base/file.hpp"

#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <thread>
#include <vector>

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

TEST_CASE("a path in an error is whole, safe for a terminal, and can be pasted") {
    const TemporaryFolder folder;
    const auto error_for = [&](const std::string& name) {
        const std::string path = folder.path(name);
        return error_of([&] { read_file(path, 10); });
    };
    CHECK(error_for("a b") == "'" + folder.path("a b") + "': no such file");
    CHECK(error_for("b\xc3\xbc") == "'" + folder.path("b\xc3\xbc") + "': no such file");
    CHECK(error_for("a\nb\x1b[2J") == "$'" + folder.path("a\\012b\\033[2J") + "': no such file");
    const std::string deep = std::string(200, 'x') + "/" + std::string(200, 'y');
    CHECK(error_for(deep) == folder.path(deep) + ": no such file");
}

TEST_CASE("a FIFO in place of a file holds nobody up") {
    const TemporaryFolder folder;
    const std::string fifo = folder.path("fifo");
    REQUIRE(::mkfifo(fifo.c_str(), 0600) == 0);
    CHECK(error_of([&] { read_file(fifo, 10); }) == fifo + ": not a regular file");
    CHECK(error_of([&] { append_line(fifo, "x"); }) == fifo + ": not a regular file");
}

TEST_CASE("a line is added behind what is there") {
    const TemporaryFolder folder;
    const std::string path = folder.path("file");
    append_line(path, "one\n");
    CHECK(folder.read("file") == "one\n");
    CHECK(folder.mode("file") == 0600);
    std::filesystem::permissions(path, std::filesystem::perms{0640});
    append_line(path, "two\n");
    CHECK(folder.read("file") == "one\ntwo\n");
    CHECK(folder.mode("file") == 0640);
    folder.write("file", "no newline");
    append_line(path, "three\n");
    CHECK(folder.read("file") == "no newline\nthree\n");
    CHECK(error_of([&] { append_line(folder.path("no/file"), "x\n"); }).ends_with("no such file"));
}

TEST_CASE("a symbolic link stays one") {
    const TemporaryFolder folder;
    folder.write("real", "old\n");
    std::filesystem::create_symlink("real", folder.path("link"));
    append_line(folder.path("link"), "new\n");
    CHECK(std::filesystem::is_symlink(folder.path("link")));
    CHECK(folder.read("real") == "old\nnew\n");
}

TEST_CASE("lines that are added at once are all there") {
    constexpr int writers = 8;
    constexpr int lines = 50;
    const TemporaryFolder folder;
    const std::string path = folder.path("file");
    std::vector<std::thread> threads;
    for (int i = 0; i < writers; ++i) {
        threads.emplace_back([&] {
            for (int n = 0; n < lines; ++n) append_line(path, "a line\n");
        });
    }
    for (std::thread& thread : threads) thread.join();
    std::string expected;
    for (int n = 0; n < writers * lines; ++n) expected += "a line\n";
    CHECK(folder.read("file") == expected);
}

TEST_CASE("when a line can't be written, what was there stays as it was") {
    const TemporaryFolder folder;
    const std::string path = folder.write("file", "old\n");
    rlimit before{};
    REQUIRE(::getrlimit(RLIMIT_FSIZE, &before) == 0);
    // Stands for a full disk: writing beyond fails with EFBIG.
    const auto old_handler = ::signal(SIGXFSZ, SIG_IGN);
    const rlimit full{6, before.rlim_max};
    REQUIRE(::setrlimit(RLIMIT_FSIZE, &full) == 0);
    const std::string error = error_of([&] { append_line(path, "a line\n"); });
    REQUIRE(::setrlimit(RLIMIT_FSIZE, &before) == 0);
    ::signal(SIGXFSZ, old_handler);
    CHECK(error.starts_with(path + ": "));
    CHECK(folder.read("file") == "old\n");
    append_line(path, "next\n");
    CHECK(folder.read("file") == "old\nnext\n");
}
