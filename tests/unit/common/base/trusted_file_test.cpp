#include "common/base/trusted_file.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <string>

#include <doctest/doctest.h>

#include "common/base/error.hpp"
#include "tests/unit/common/base/temporary_folder.hpp"

using namespace culvert;
namespace fs = std::filesystem;

namespace {

/// Nobody's, on a machine as tests have it.
constexpr uid_t stranger = 54'321;

struct Failure {
    std::string text;
    std::string hint;
};

Failure failure_of(const std::string& path, const TrustedOwners& owners = {}) {
    try {
        // Not inside of CHECK, which would keep what is thrown.
        const std::string text = read_trusted_file(path, 1'000, owners);
        CHECK(text == "text");
        return {};
    } catch (const Error& error) {
        CHECK(error.kind() == ErrorKind::config);
        return {error.what(), std::string{error.hint()}};
    }
}

bool is_trusted(const std::string& path, const TrustedOwners& owners = {}) {
    return failure_of(path, owners).text.empty();
}

bool contains(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

void set_mode(const std::string& path, mode_t mode) { REQUIRE(::chmod(path.c_str(), mode) == 0); }

/// Only root can make files of others.
bool give_away(const std::string& path, uid_t owner = stranger) {
    return ::geteuid() == 0 && ::lchown(path.c_str(), owner, owner) == 0;
}

}  // namespace

TEST_CASE("a file that its owner alone can change is trusted") {
    const TemporaryFolder folder;
    const std::string path = folder.write("file", "text");
    CHECK(is_trusted(path));
    set_mode(path, 0644);
    CHECK(is_trusted(path));
    CHECK(is_trusted(folder.path("./../") + fs::path{folder.path()}.filename().string() + "/file"));
    CHECK(failure_of(folder.path("missing")).text == folder.path("missing") + ": no such file");
    CHECK(failure_of(folder.path("file/x")).text == folder.path("file/x") + ": Not a directory");
    CHECK(contains(failure_of(folder.path()).text, "is a directory"));
    CHECK(contains(failure_of(folder.path("file/")).text, "Not a directory"));
    CHECK(contains(failure_of("/").text, "is a directory"));
    CHECK(read_trusted_file("/dev/null", 10, {}).empty());
    CHECK_THROWS_AS(read_trusted_file(path, 3, {}), Error);
}

TEST_CASE("a relative path counts from the working folder, which is looked at as well") {
    const TemporaryFolder folder;
    folder.write("file", "text");
    const fs::path before = fs::current_path();
    fs::current_path(folder.path());
    const bool trusted = is_trusted("file");
    set_mode(folder.path(), 0777);
    const bool trusted_in_open_folder = is_trusted("file");
    fs::current_path(before);
    CHECK(trusted);
    CHECK(!trusted_in_open_folder);
}

TEST_CASE("a file that its group or others may write to is not, wherever it comes from") {
    const TemporaryFolder folder;
    const std::string path = folder.write("the file", "text");
    for (const mode_t mode : {mode_t{0620}, mode_t{0602}, mode_t{0666}}) {
        set_mode(path, mode);
        CHECK(!is_trusted(path, {.anybody = true}));
    }
    const Failure failure = failure_of(path);
    CHECK(failure.text ==
          "'" + path + "': not trusted: others than its owner may write to it (mode 0666)");
    CHECK(failure.hint == "chmod go-w '" + path + "'");
}

TEST_CASE("no folder above it may be open to others, at any height") {
    const TemporaryFolder folder;
    fs::create_directories(folder.path("a/b"));
    const std::string path = folder.write("a/b/file", "text");
    for (const char* open : {"a", "a/b"}) {
        for (const mode_t mode : {mode_t{0775}, mode_t{0757}}) {
            CAPTURE(open);
            set_mode(folder.path(open), mode);
            const Failure failure = failure_of(path, {.anybody = true});
            CHECK(contains(failure.text, "the folder " + folder.path(open) + " (mode 07"));
            CHECK(failure.hint == "chmod go-w " + folder.path(open));
            set_mode(folder.path(open), 0755);
        }
    }
    CHECK(is_trusted(path));
}

TEST_CASE("in a sticky folder what belongs to us stays ours") {
    const TemporaryFolder folder;
    fs::create_directories(folder.path("open/inner"));
    const std::string path = folder.write("open/inner/file", "text");
    set_mode(folder.path("open"), 01777);
    CHECK(is_trusted(path));
    if (!give_away(folder.path("open/inner"))) return;
    for (const bool anybody : {false, true}) {
        const Failure failure = failure_of(path, {.anybody = anybody});
        CHECK(contains(failure.text, folder.path("open/inner") + " belongs to user 54321"));
        CHECK(failure.hint == "chown -h root " + folder.path("open/inner"));
    }
}

TEST_CASE("a symbolic link counts with the folders on its way") {
    const TemporaryFolder folder;
    fs::create_directories(folder.path("closed"));
    fs::create_directories(folder.path("open"));
    const std::string path = folder.write("closed/file", "text");
    fs::create_symlink(path, folder.path("open/absolute"));
    fs::create_symlink("../closed", folder.path("open/relative"));
    fs::create_symlink("open/absolute", folder.path("twice"));
    fs::create_symlink("loop", folder.path("loop"));
    for (const char* link : {"open/absolute", "open/relative/file", "twice"}) {
        CAPTURE(link);
        CHECK(is_trusted(folder.path(link)));
        set_mode(folder.path("open"), 0777);
        CHECK(contains(failure_of(folder.path(link)).text, "the folder " + folder.path("open")));
        set_mode(folder.path("open"), 01777);
        CHECK(is_trusted(folder.path(link)));
        set_mode(folder.path("open"), 0755);
    }
    CHECK(contains(failure_of(folder.path("loop")).text, "symbolic links"));
    if (!give_away(folder.path("open/absolute"))) return;
    set_mode(folder.path("open"), 01777);
    CHECK(contains(failure_of(folder.path("open/absolute")).text, "it belongs to user 54321"));
    CHECK(contains(failure_of(folder.path("twice")).text, "open/absolute belongs to user 54321"));
}

TEST_CASE("whose file it is") {
    const TemporaryFolder folder;
    fs::create_directories(folder.path("its"));
    const std::string path = folder.write("its/file", "text");
    set_mode(path, 0644);
    if (!give_away(path)) return;
    const Failure failure = failure_of(path);
    CHECK(failure.text ==
          path + ": not trusted: it belongs to user 54321 (mode 0644), not to root");
    CHECK(failure.hint == "chown root " + path);
    CHECK(is_trusted(path, {.anybody = true}));
    CHECK(!is_trusted(path, {.account = "nosuchaccount"}));
    constexpr uid_t daemon = 1;  // Debian's account of that name
    REQUIRE(give_away(path, daemon));
    REQUIRE(give_away(folder.path("its"), daemon));
    CHECK(is_trusted(path, {.account = "daemon"}));
    CHECK(!is_trusted(path, {.account = "bin"}));
    CHECK(!is_trusted(path, {.account = "1"}));
    // Whoever owns a folder decides what is in it.
    REQUIRE(give_away(path, 0));
    CHECK(
        contains(failure_of(path).text, "the folder " + folder.path("its") + " belongs to daemon"));
}

TEST_CASE("what only root reads") {
    const TemporaryFolder folder;
    if (::geteuid() != 0) return;
    fs::create_directories(folder.path("a"));
    set_mode(folder.path(), 0755);
    const std::string path = folder.write("a/file", "text");
    CHECK(what_only_root_reads(path) == path);
    set_mode(path, 0604);
    CHECK(!what_only_root_reads(path));
    set_mode(folder.path("a"), 0700);
    CHECK(what_only_root_reads(path) == folder.path("a"));
    REQUIRE(::chown(folder.path("a").c_str(), 0, 4) == 0);
    set_mode(folder.path("a"), 0710);
    CHECK(!what_only_root_reads(path));
    CHECK(!what_only_root_reads(folder.path("missing")));
}
