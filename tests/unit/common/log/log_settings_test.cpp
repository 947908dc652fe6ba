#include "common/log/log_settings.hpp"

#include <doctest/doctest.h>

using namespace culvert;

namespace {

LogLevel limit(std::string_view flag, LogSettings settings, LogKind kind) {
    LogFlags flags;
    if (!flag.empty()) flags.read(flag);
    return log_limits(flags, settings)[static_cast<std::size_t>(kind)];
}

LogSettings named(std::optional<LogLevel> level, LogKind kind, LogLevel of_kind) {
    LogSettings settings;
    settings.level = level;
    settings.kinds[static_cast<std::size_t>(kind)] = of_kind;
    return settings;
}

}  // namespace

TEST_CASE("a kind that isn't named has the level, a flag's before the file's") {
    struct Row {
        std::string_view flag;
        std::optional<LogLevel> level;
        LogLevel expected;
    };
    for (const Row& row : {
             Row{"", {}, LogLevel::info},
             Row{"", LogLevel::error, LogLevel::error},
             Row{"", LogLevel::off, LogLevel::off},
             Row{"-v", LogLevel::error, LogLevel::verbose},
             Row{"-q", LogLevel::debug, LogLevel::error},
         }) {
        CAPTURE(row.flag);
        LogSettings settings;
        settings.level = row.level;
        CHECK(limit(row.flag, settings, LogKind::general) == row.expected);
        CHECK(limit(row.flag, settings, LogKind::forwards) == row.expected);
    }
}

TEST_CASE("a kind has a level of its own, so that logins are seen without forwards") {
    const auto logins = named(LogLevel::error, LogKind::logins, LogLevel::info);
    CHECK(limit("", logins, LogKind::logins) == LogLevel::info);
    CHECK(limit("", logins, LogKind::forwards) == LogLevel::error);
    const auto forwards = named({}, LogKind::forwards, LogLevel::off);
    CHECK(limit("-v", forwards, LogKind::forwards) == LogLevel::off);
    CHECK(limit("-v", forwards, LogKind::logins) == LogLevel::verbose);
}

TEST_CASE("-q leaves errors alone, whatever a file says") {
    const auto logins = named({}, LogKind::logins, LogLevel::debug);
    CHECK(limit("-q", logins, LogKind::logins) == LogLevel::error);
    const auto off = named({}, LogKind::logins, LogLevel::off);
    CHECK(limit("-q", off, LogKind::logins) == LogLevel::off);
}
