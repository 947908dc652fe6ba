#include "common/config/log_section.hpp"

#include <fmt/format.h>

#include "common/base/escape.hpp"

namespace culvert {
namespace {

std::string_view key_of(LogKind kind) {
    switch (kind) {
        case LogKind::general:
            return "level";
        case LogKind::logins:
            return "logins";
        case LogKind::connections:
            return "connections";
        case LogKind::forwards:
            return "forwards";
        case LogKind::probes:
            return "probes";
    }
    return "level";
}

LogLevel read_level(const YamlValue& value) {
    const std::string written = value.text();
    for (const auto& [word, level] :
         {std::pair{"off", LogLevel::off}, std::pair{"error", LogLevel::error},
          std::pair{"info", LogLevel::info}, std::pair{"verbose", LogLevel::verbose},
          std::pair{"debug", LogLevel::debug}}) {
        if (written == word) return level;
    }
    value.fail(
        fmt::format("'{}' is not one of off, error, info, verbose, debug", escaped(written, 64)));
}

LogFormat read_format(const YamlValue& value) {
    const std::string written = value.text();
    if (written == "text") return LogFormat::text;
    if (written == "json") return LogFormat::json;
    value.fail(fmt::format("'{}' is neither text nor json", escaped(written, 64)));
}

}  // namespace

LogSettings read_log_section(const YamlValue& value, std::initializer_list<LogKind> kinds) {
    LogSettings log;
    YamlMap map = value.map();
    map.optional("level", log.level, read_level);
    for (const LogKind kind : kinds) {
        map.optional(key_of(kind), log.kinds.at(static_cast<std::size_t>(kind)), read_level);
    }
    map.optional("format", log.format, read_format);
    map.optional("file", log.file, &YamlValue::path);
    map.finish();
    return log;
}

}  // namespace culvert
