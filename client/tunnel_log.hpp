#pragma once

#include <exception>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "client/settings.hpp"
#include "common/log/log.hpp"

namespace culvert {

/// The log lines that belong to one tunnel. Under `culvert up` several tunnels share the log: each
/// line ends with its tunnel's name there, ` [mail]`, and each event has a field for it.
class TunnelLog {
public:
    explicit TunnelLog(const TunnelSettings& settings)
        : name_{settings.name}, tag_{settings.log_tag} {}

    template <class... Args>
    void error(fmt::format_string<Args...> format, Args&&... args) const {
        at<Args...>(LogLevel::error, format, std::forward<Args>(args)...);
    }
    template <class... Args>
    void info(fmt::format_string<Args...> format, Args&&... args) const {
        at<Args...>(LogLevel::info, format, std::forward<Args>(args)...);
    }
    template <class... Args>
    void verbose(fmt::format_string<Args...> format, Args&&... args) const {
        at<Args...>(LogLevel::verbose, format, std::forward<Args>(args)...);
    }
    template <class... Args>
    void debug(fmt::format_string<Args...> format, Args&&... args) const {
        at<Args...>(LogLevel::debug, format, std::forward<Args>(args)...);
    }
    template <class... Args>
    void at(LogClass line, fmt::format_string<Args...> format, Args&&... args) const {
        if (logs(line)) event(line, {}, {}, fmt::format(format, std::forward<Args>(args)...));
    }

    /// What was thrown, with `then` behind its text and its hint on a line of its own.
    void failure(const std::exception_ptr& thrown, std::string_view then = {}) const;

    /// As log_event(): the tunnel's name is the first field, and `fields` follow.
    void event(LogClass line, std::string_view event, std::vector<LogField> fields,
               std::string text, std::string_view hint = {}) const;

private:
    std::string name_;
    std::string tag_;
};

}  // namespace culvert
