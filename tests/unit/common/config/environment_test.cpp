#include "common/config/environment.hpp"

#include <string>

#include <doctest/doctest.h>

#include "common/base/error.hpp"
#include "tests/unit/common/config/made_up_environment.hpp"

using namespace culvert;

TEST_CASE("paths have ~ and ${NAME} replaced") {
    const Environment environment = made_up_environment({{"DIR", "/srv/k"}, {"EMPTY", ""}});
    struct Row {
        std::string written;
        std::string path;
    };
    for (const Row& row : {
             Row{"/etc/key", "/etc/key"},
             Row{"~", "/home/alice"},
             Row{"~/.ssh/id", "/home/alice/.ssh/id"},
             Row{"a~b", "a~b"},
             Row{"${DIR}/id", "/srv/k/id"},
             Row{"/x/${DIR}${DIR}", "/x//srv/k/srv/k"},
             Row{"/x${EMPTY}/y", "/x/y"},
             Row{"/x$DIR", "/x$DIR"},
         }) {
        CAPTURE(row.written);
        CHECK(expand_path(row.written, environment) == row.path);
    }
}

TEST_CASE("paths that can't be meant") {
    const Environment environment = made_up_environment();
    for (const std::string written :
         {"", "~bob/key", "${NOT_SET}/key", "${DIR", "/a\nb", "/a\x1b[1m", "/a\x7f"}) {
        CAPTURE(written);
        CHECK_THROWS_AS(expand_path(written, environment), Error);
    }
    Environment homeless = environment;
    homeless.home.clear();
    CHECK_THROWS_AS(expand_path("~/key", homeless), Error);
}

TEST_CASE("a variable's value is not replaced in again") {
    CHECK(expand_path("${A}", made_up_environment({{"A", "${A}"}})) == "${A}");
}
