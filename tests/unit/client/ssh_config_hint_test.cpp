#include "client/ssh_config_hint.hpp"

#include <doctest/doctest.h>

using namespace culvert;

TEST_CASE("a Host block that gives a name a meaning is pointed at (ssh_config(5))") {
    struct Row {
        std::string_view text;
        int line;  ///< 0: no hint
    };
    for (const Row& row : {
             Row{"Host gw\n  HostName gw.example.com\n", 1},
             Row{"# mine\n\n  host = web gw\n", 3},
             Row{"HOST g?\n", 1},
             Row{"Host *\n  User alice\n", 0},
             Row{"Host gateway\nHostName gw\n", 0},
             Row{"Hostgw\n", 0},
             Row{"", 0},
         }) {
        CAPTURE(row.text);
        const std::string hint = ssh_config_hint(row.text, "gw");
        const std::string expected = "; line " + std::to_string(row.line) + " of ~/.ssh/config";
        CHECK(hint.starts_with(expected) == (row.line > 0));
        CHECK(hint.empty() == (row.line == 0));
    }
}
