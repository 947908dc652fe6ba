#pragma once

#include <exception>

#include "common/log/log.hpp"

namespace culvert {

/// The log's part of a new configuration: the settings hold from here on, and those before again
/// unless the whole is kept.
class LogChange {
public:
    /// Throws as configure_log(). `before` must outlive this.
    LogChange(const LogSettings& before, const LogSettings& fresh) : before_{&before} {
        configure_log(fresh);
    }
    LogChange(const LogChange&) = delete;
    LogChange& operator=(const LogChange&) = delete;
    ~LogChange() {
        if (before_ == nullptr) return;
        try {
            configure_log(*before_);
        } catch (const std::exception&) {
            log_line(LogLevel::error, "the log keeps its new settings: the old ones fail now");
        }
    }

    void keep() noexcept { before_ = nullptr; }

private:
    const LogSettings* before_;
};

}  // namespace culvert
