#include "client/ssh_config_hint.hpp"

#include <filesystem>

#include <doctest/doctest.h>

#include "tests/unit/common/base/temporary_folder.hpp"

using namespace culvert;

namespace {

/// A home with a ~/.ssh.
struct Home {
    Home() { std::filesystem::create_directories(folder.path(".ssh/config.d")); }

    std::string hint(const std::string& config) const {
        return ssh_config_hint(folder.write(".ssh/config", config), "gw");
    }

    TemporaryFolder folder;
};

}  // namespace

TEST_CASE("a block that gives a name a meaning is pointed at (ssh_config(5))") {
    struct Row {
        std::string text;
        int line;  ///< 0: no hint
    };
    const Home home;
    for (const Row& row : {
             Row{"Host gw\n  HostName gw.example.com\n", 1},
             Row{"# mine\n\n  host = web gw\n", 3},
             Row{"HOST g?\n", 1},
             Row{"Host \"gw\"\n", 1},
             Row{"Host *\n  User alice\n", 0},
             Row{"Host g* !gw\n", 0},
             Row{"Host !web gw\n", 1},
             Row{"Host gateway\nHostName gw\n", 0},
             Row{"Hostgw\n", 0},
             Row{"Match host gw\n", 1},
             Row{"Match user alice host web,g? exec true\n", 1},
             Row{"Match originalhost=gw\n", 1},
             Row{"Match host web\nMatch host *,!gw\n", 0},
             Row{"Match all\nMatch user gw\nMatch host\n", 0},
             Row{"", 0},
         }) {
        CAPTURE(row.text);
        const std::string hint = home.hint(row.text);
        CAPTURE(hint);
        const std::string expected = "line " + std::to_string(row.line) + " of ~/.ssh/config";
        CHECK(hint.starts_with(expected) == (row.line > 0));
        CHECK(hint.empty() == (row.line == 0));
    }
    CHECK(home.hint("Match host gw\n").find("begins a Match block") != std::string::npos);
    CHECK(ssh_config_hint("/no/such/config", "gw").empty());
}

TEST_CASE("included files are looked at, as ssh finds them") {
    const Home home;
    home.folder.write(".ssh/config.d/work", "\nHost gw\n");
    std::filesystem::create_directory(home.folder.path(".ssh/config.d/folder"));
    home.folder.write("elsewhere", "Match host gw\n");
    const std::string in_work = "line 2 of ~/.ssh/config.d/work begins a Host block";
    CHECK(home.hint("Include config.d/*\n").starts_with(in_work));
    CHECK(home.hint("include ~/.ssh/config.d/work\n").starts_with(in_work));
    CHECK(home.hint("Include none config.d/w*\n").starts_with(in_work));
    CHECK(home.hint("Host *\nInclude config.d/work\n").starts_with(in_work));
    CHECK(home.hint("Host web\nInclude config.d/work\n").empty());
    CHECK(home.hint("Include " + home.folder.path("elsewhere"))
              .starts_with("line 1 of " + home.folder.path("elsewhere") + " begins a Match"));
    CHECK(home.hint("Include ~/elsewhere\n").find("begins a Match") != std::string::npos);
}

TEST_CASE("files that include each other end somewhere") {
    const Home home;
    home.folder.write(".ssh/config.d/a", "Include config.d/*\n");
    home.folder.write(".ssh/config.d/b", "Include config.d/*\n");
    CHECK(home.hint("Include config.d/* config\n").empty());
}
