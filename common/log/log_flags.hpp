#pragma once

#include <optional>
#include <string_view>

#include "common/log/log_level.hpp"

namespace culvert {

/// What -v, -q, --log-time and --log-json have said so far.
struct LogFlags {
    LogLevel level = LogLevel::info;
    bool time = false;
    bool json = false;
    bool level_named = false;  ///< a flag or an option said the level

    /// False if it is none of them. A second -v says more than the first; between -q and -v the
    /// last one holds, as with ssh.
    bool read(std::string_view flag) {
        if (flag == "-v") {
            const bool again = level == LogLevel::verbose || level == LogLevel::debug;
            set_level(again ? LogLevel::debug : LogLevel::verbose);
        } else if (flag == "-q") {
            set_level(LogLevel::error);
        } else if (flag == "--log-time") {
            time = true;
        } else if (flag == "--log-json") {
            json = true;
        } else {
            return false;
        }
        return true;
    }

    void set_level(LogLevel named) {
        level = named;
        level_named = true;
    }
};

}  // namespace culvert
