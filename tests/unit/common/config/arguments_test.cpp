#include "common/config/arguments.hpp"

#include <array>

#include <doctest/doctest.h>

#include "common/base/error.hpp"

using namespace culvert;

namespace {

constexpr std::array flags{
    Flag{"-f"},
    Flag{"-N"},
    Flag{"-4"},
    Flag{"-L", FlagValue::required},
    Flag{"-p", FlagValue::required},
    Flag{"--listen", FlagValue::required},
    Flag{"--help"},
    Flag{"-R", FlagValue::required, "not in this version", "use ssh"},
};

std::string error_of(const std::vector<std::string>& arguments) {
    try {
        split_arguments(arguments, flags);
    } catch (const Error& error) {
        CHECK(error.kind() == ErrorKind::usage);
        return error.what();
    }
    return "no error";
}

std::string hint_of(const std::vector<std::string>& arguments) {
    try {
        split_arguments(arguments, flags);
    } catch (const Error& error) {
        return std::string{error.hint()};
    }
    return "no error";
}

}  // namespace

TEST_CASE("arguments come apart as with getopt") {
    struct Row {
        std::vector<std::string> arguments;
        std::vector<Argument> found;
    };
    for (const Row& row : {
             Row{{}, {}},
             Row{{"gw"}, {{"", "gw"}}},
             Row{{"-fNL", "1:h:2", "gw"}, {{"-f", ""}, {"-N", ""}, {"-L", "1:h:2"}, {"", "gw"}}},
             Row{{"-p22"}, {{"-p", "22"}}},
             Row{{"-fp22"}, {{"-f", ""}, {"-p", "22"}}},
             Row{{"-p", "-1"}, {{"-p", "-1"}}},
             Row{{"-p", "--"}, {{"-p", "--"}}},
             Row{{"-p", ""}, {{"-p", ""}}},
             Row{{"-4", "gw"}, {{"-4", ""}, {"", "gw"}}},
             Row{{"gw", "-f", "1:h:2"}, {{"", "gw"}, {"-f", ""}, {"", "1:h:2"}}},
             Row{{"--", "-f", "--"}, {{"", "-f"}, {"", "--"}}},
             Row{{"-"}, {{"", "-"}}},
             Row{{"--listen", "[::1]:2"}, {{"--listen", "[::1]:2"}}},
             Row{{"--listen=a=b"}, {{"--listen", "a=b"}}},
             Row{{"--listen="}, {{"--listen", ""}}},
             Row{{"[::1]"}, {{"", "[::1]"}}},
             Row{{"-L", "[a,b]"}, {{"-L", "[a,b]"}}},
             Row{{"-L[::1]:1:h:[::2]"}, {{"-L", "[::1]:1:h:[::2]"}}},
             Row{{"[a,b]"}, {{"", "[a,b]"}}},
             Row{{"-p", "[]", "[]"}, {{"-p", "[]"}, {"", "[]"}}},
             Row{{"-p=22"}, {{"-p", "=22"}}},
             Row{{"-p-1"}, {{"-p", "-1"}}},
             Row{{"-fp-1-2"}, {{"-f", ""}, {"-p", "-1-2"}}},
             Row{{"-p", "-f-N"}, {{"-p", "-f-N"}}},
             Row{{"-p", "--listen=a"}, {{"-p", "--listen=a"}}},
             Row{{"--listen", "--help"}, {{"--listen", "--help"}}},
             Row{{"--listen==a"}, {{"--listen", "=a"}}},
             Row{{"--listen=", "gw"}, {{"--listen", ""}, {"", "gw"}}},
             Row{{"--listen={}"}, {{"--listen", "{}"}}},
             Row{{"--listen=a", "--listen", "b"}, {{"--listen", "a"}, {"--listen", "b"}}},
             Row{{"-4f4"}, {{"-4", ""}, {"-f", ""}, {"-4", ""}}},
             Row{{"a", "-f", "b", "-f", "--", "-f"},
                 {{"", "a"}, {"-f", ""}, {"", "b"}, {"-f", ""}, {"", "-f"}}},
             Row{{"--", "--listen=a", "-a-b"}, {{"", "--listen=a"}, {"", "-a-b"}}},
             Row{{"", "a b", "-p", " x "}, {{"", ""}, {"", "a b"}, {"-p", " x "}}},
             Row{{"++", "/f", "%"}, {{"", "++"}, {"", "/f"}, {"", "%"}}},
         }) {
        CAPTURE(row.arguments.size());
        CHECK(split_arguments(row.arguments, flags) == row.found);
    }
}

TEST_CASE("what to do instead is a hint") {
    CHECK(hint_of({"-x"}) == "--help lists the flags");
    CHECK(hint_of({"--unlike-any"}) == "--help lists the flags");
    CHECK(hint_of({"--lisen", "x"}).empty());
    CHECK(hint_of({"-R", "1:h:2"}) == "use ssh");
    CHECK(hint_of({"-p"}).empty());
}

TEST_CASE("arguments that are not understood are errors") {
    CHECK(error_of({"-x"}) == "unknown flag '-x'");
    CHECK(error_of({"-fx"}) == "unknown flag '-x'");
    CHECK(error_of({"--lisen", "x"}) == "unknown flag '--lisen', did you mean '--listen'?");
    CHECK(error_of({"--list\x1b", "x"}).find('\x1b') == std::string::npos);
    CHECK(error_of({"-p"}) == "-p needs a value");
    CHECK(error_of({"--listen"}) == "--listen needs a value");
    CHECK(error_of({"--help=yes"}) == "--help takes no value");
    CHECK(error_of({"--help="}) == "--help takes no value");
    CHECK(error_of({"--help=true"}) == "--help takes no value");
    CHECK(error_of({"-fp"}) == "-p needs a value");
    CHECK(error_of({"gw", "--listen"}) == "--listen needs a value");
    CHECK(error_of({"-R", "1:h:2"}) == "-R: not in this version");
    CHECK(error_of({"-fR1:h:2"}) == "-R: not in this version");
    CHECK(error_of({"-R"}) == "-R: not in this version");
}

TEST_CASE("what only looks like a flag, or like another one, is unknown") {
    const auto unknown = [](const std::string& name) { return "unknown flag '" + name + "'"; };
    CHECK(error_of({"-9"}) == unknown("-9"));
    CHECK(error_of({"-49"}) == unknown("-9"));
    CHECK(error_of({"-!"}) == unknown("-!"));
    CHECK(error_of({"-f "}) == unknown("- "));
    CHECK(error_of({"-f-"}) == unknown("--"));
    CHECK(error_of({"-f-help"}) == unknown("--"));
    CHECK(error_of({"-f-listen=a"}) == unknown("--"));
    CHECK(error_of({"-h"}) == unknown("-h"));
    CHECK(error_of({"-listen"}) == unknown("-l"));
    CHECK(error_of({"--p", "22"}) == unknown("--p"));
    CHECK(error_of({"--=a"}) == unknown("--"));
    CHECK(error_of({"---"}) == unknown("---"));
    CHECK(error_of({"--liste=a"}) == "unknown flag '--liste', did you mean '--listen'?");
    CHECK(error_of({"--HELP"}).starts_with("unknown flag '--HELP'"));
}

TEST_CASE("of several errors the first is told") {
    CHECK(error_of({"-x", "-p"}) == "unknown flag '-x'");
    CHECK(error_of({"-x", "-R", "a"}) == "unknown flag '-x'");
    CHECK(error_of({"-R", "a", "-x"}) == "-R: not in this version");
    CHECK(error_of({"gw", "-9", "--help=a"}) == "unknown flag '-9'");
}
