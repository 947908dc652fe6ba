#include "common/log/log.hpp"

#include <regex>
#include <string>

#include <doctest/doctest.h>

#include "tests/unit/common/log/captured_stderr.hpp"

using namespace culvert;
using namespace culvert::test;

namespace {

std::string logged(const LogFlags& flags) {
    CapturedStderr captured;
    start_log("culvert", flags);
    log_error("error {}", 1);
    log_info("info");
    log_verbose("verbose");
    log_debug("debug");
    return captured.text();
}

}  // namespace

TEST_CASE("a line is 'program: text', and there are as many as were asked for (design 9)") {
    struct Row {
        LogLevel level;
        std::string text;
    };
    const std::string quiet = "culvert: error 1\n";
    const std::string usual = quiet + "culvert: info\n";
    const std::string verbose = usual + "culvert: verbose\n";
    for (const Row& row : {
             Row{LogLevel::error, quiet},
             Row{LogLevel::info, usual},
             Row{LogLevel::verbose, verbose},
             Row{LogLevel::debug, verbose + "culvert: debug\n"},
         }) {
        CAPTURE(row.text);
        CHECK(logged({.level = row.level}) == row.text);
        CHECK(logs(row.level));
    }
    CHECK(logged({}) == usual);
}

TEST_CASE("--log-time puts the time before each line, and leaves the rest (design 9)") {
    const std::string text = logged({.level = LogLevel::info, .time = true});
    const std::string time = R"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3} )";
    CAPTURE(text);
    CHECK(
        std::regex_match(text, std::regex{time + "culvert: error 1\n" + time + "culvert: info\n"}));
    CHECK(logged({.level = LogLevel::error}) == "culvert: error 1\n");
}
