#include "client/ssh_tokens.hpp"

#include <array>

#include <doctest/doctest.h>

#include "common/base/error.hpp"
#include "tests/unit/common/config/made_up_environment.hpp"

using namespace culvert;

TEST_CASE("tokens are replaced once, and %% is % (ssh_config(5), TOKENS)") {
    const std::array tokens{SshToken{'h', "gw"}, SshToken{'r', "%h"}};
    CHECK(replace_tokens("", tokens).empty());
    CHECK(replace_tokens("plain", tokens) == "plain");
    CHECK(replace_tokens("%h-%h.%%h", tokens) == "gw-gw.%h");
    CHECK(replace_tokens("%r", tokens) == "%h");
    for (const std::string text : {"%x", "%", "%%%", "%H"}) {
        CAPTURE(text);
        CHECK_THROWS_WITH_AS(replace_tokens(text, tokens),
                             doctest::Contains("; the tokens here are %%, %h, %r"), Error);
    }
}

TEST_CASE("a path of the command line that can't be read as one is the user's fault") {
    const Environment environment = made_up_environment({{"KEYS", "/keys"}});
    CHECK(expand_option_path("~/${KEYS}/x", environment) == "/home/alice//keys/x");
    try {
        expand_option_path("~bob/x", environment);
        FAIL("no error");
    } catch (const Error& error) {
        CHECK(error.kind() == ErrorKind::usage);
    }
}
