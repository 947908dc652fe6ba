#pragma once

#include <algorithm>
#include <array>
#include <optional>
#include <string>

#include "common/log/log_flags.hpp"
#include "common/log/log_level.hpp"

namespace culvert {

/// The section `log` of a configuration file.
struct LogSettings {
    std::optional<LogLevel> level;
    /// By LogKind. One that isn't named has the level; `general` always has it.
    std::array<std::optional<LogLevel>, log_kinds> kinds;
    LogFormat format = LogFormat::text;
    std::string file;  ///< empty: stderr

    friend bool operator==(const LogSettings&, const LogSettings&) = default;
};

/// The lowest level of importance that is written, by LogKind.
using LogLimits = std::array<LogLevel, log_kinds>;

/// A flag's level goes before the file's; a kind that the file names keeps its own. -q leaves
/// errors alone, whatever the file says.
inline LogLimits log_limits(const LogFlags& flags, const LogSettings& settings) {
    LogLimits limits{};
    const LogLevel level = flags.level_named ? flags.level : settings.level.value_or(flags.level);
    const bool is_quiet = flags.level_named && flags.level == LogLevel::error;
    for (std::size_t kind = 0; kind < log_kinds; ++kind) {
        limits[kind] = settings.kinds[kind].value_or(level);
        if (is_quiet) limits[kind] = std::min(limits[kind], LogLevel::error);
    }
    return limits;
}

}  // namespace culvert
