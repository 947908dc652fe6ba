#include "server/host_key.hpp"

#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "common/log/log.hpp"
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
