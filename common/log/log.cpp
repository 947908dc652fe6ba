#include "common/log/log.hpp"

#include <memory>
#include <string>

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

namespace culvert {
namespace {

spdlog::level::level_enum to_spdlog(LogLevel level) {
    switch (level) {
        case LogLevel::error:
            return spdlog::level::err;
        case LogLevel::info:
            return spdlog::level::info;
        case LogLevel::verbose:
            return spdlog::level::debug;
        case LogLevel::debug:
            return spdlog::level::trace;
    }
    return spdlog::level::info;
}

}  // namespace

void start_log(std::string_view program, const LogFlags& flags) {
    auto sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
    auto logger = std::make_shared<spdlog::logger>(std::string{program}, std::move(sink));
    logger->set_pattern(flags.time ? "%Y-%m-%dT%H:%M:%S.%e %n: %v" : "%n: %v");
    logger->set_level(to_spdlog(flags.level));
    logger->flush_on(spdlog::level::trace);
    spdlog::set_default_logger(std::move(logger));
}

bool logs(LogLevel level) { return spdlog::default_logger_raw()->should_log(to_spdlog(level)); }

void log_line(LogLevel level, std::string_view text) {
    spdlog::default_logger_raw()->log(to_spdlog(level), text);
}

}  // namespace culvert
