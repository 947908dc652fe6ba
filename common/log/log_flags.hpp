#pragma once

#include <string_view>

namespace culvert {

/// How much a program says on stderr: -q, nothing, -v, -vv.
enum class LogLevel { error, info, verbose, debug };

/// What -v, -q, --log-time and --log-json have said so far.
struct LogFlags {
    LogLevel level = LogLevel::info;
    bool time = false;
    bool json = false;

    /// False if it is none of them. A second -v says more than the first; between -q and -v the
    /// last one holds, as with ssh.
    bool read(std::string_view flag) {
        if (flag == "-v") {
            const bool again = level == LogLevel::verbose || level == LogLevel::debug;
            level = again ? LogLevel::debug : LogLevel::verbose;
        } else if (flag == "-q") {
            level = LogLevel::error;
        } else if (flag == "--log-time") {
            time = true;
        } else if (flag == "--log-json") {
            json = true;
        } else {
            return false;
        }
        return true;
    }
};

}  // namespace culvert
