#include "common/config/log_section.hpp"

#include <string>

#include <doctest/doctest.h>

#include "common/base/error.hpp"
#include "tests/unit/common/config/made_up_environment.hpp"

using namespace culvert;

namespace {

LogSettings read(const std::string& text) {
    return read_log_section(YamlValue::from_text(text, "f.yaml", made_up_environment()),
                            {LogKind::logins, LogKind::probes});
}

std::string error_of(const std::string& text) {
    try {
        read(text);
    } catch (const Error& error) {
        CHECK(error.kind() == ErrorKind::config);
        return error.what();
    }
    return "no error";
}

bool has(const std::string& text, std::string_view part) { return text.find(part) != text.npos; }

}  // namespace

TEST_CASE("the section log") {
    const LogSettings log = read(
        "level: error\nlogins: info\nprobes: off\nformat: json\n"
        "file: ~/log\n");
    CHECK(log.level == LogLevel::error);
    CHECK(log.kinds[static_cast<std::size_t>(LogKind::logins)] == LogLevel::info);
    CHECK(log.kinds[static_cast<std::size_t>(LogKind::probes)] == LogLevel::off);
    CHECK(!log.kinds[static_cast<std::size_t>(LogKind::forwards)]);
    CHECK(log.format == LogFormat::json);
    CHECK(log.file == "/home/alice/log");
    CHECK(read("") == LogSettings{});
    CHECK(read("level: debug").level == LogLevel::debug);
    CHECK(read("level: verbose").level == LogLevel::verbose);
}

TEST_CASE("what is wrong in the section log") {
    CHECK(has(error_of("level: loud"), "f.yaml:1:8: level: 'loud' is not one of off, error, info"));
    CHECK(has(error_of("probes: [info]"), "probes"));
    CHECK(has(error_of("format: xml"), "'xml' is neither text nor json"));
    CHECK(has(error_of("login: info"), "logins"));
    // A kind that this program doesn't have.
    CHECK(has(error_of("forwards: info"), "forwards"));
    CHECK(has(error_of("file: ''"), "is empty"));
    CHECK(error_of("info") != "no error");
}
