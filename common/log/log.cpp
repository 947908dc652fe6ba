#include "common/log/log.hpp"

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include <fmt/chrono.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <nlohmann/json.hpp>

namespace culvert {
namespace {

std::string_view name_of(LogLevel level) {
    switch (level) {
        case LogLevel::error:
            return "error";
        case LogLevel::info:
            return "info";
        case LogLevel::verbose:
            return "verbose";
        case LogLevel::debug:
            return "debug";
    }
    return "info";
}

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

/// What --log-json needs to know, null without it.
std::optional<std::string>& json_program() {
    static std::optional<std::string> program;
    return program;
}

std::string utc_now() {
    const auto now =
        std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
    const auto milliseconds = now.time_since_epoch().count() % 1000;
    return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z",
                       fmt::gmtime(std::chrono::system_clock::to_time_t(now)), milliseconds);
}

std::string json_line(LogLevel level, std::string_view event, std::span<const LogField> fields,
                      std::string_view text, std::string_view hint) {
    nlohmann::ordered_json line{{"time", utc_now()},
                                {"program", *json_program()},
                                {"level", name_of(level)},
                                {"text", text}};
    if (!event.empty()) line["event"] = event;
    for (const LogField& field : fields) {
        std::visit([&](const auto& value) { line[std::string{field.name}] = value; }, field.value);
    }
    if (!hint.empty()) line["hint"] = hint;
    return line.dump(-1, ' ', true, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace

void start_log(std::string_view program, const LogFlags& flags) {
    auto sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
    auto logger = std::make_shared<spdlog::logger>(std::string{program}, std::move(sink));
    json_program().reset();
    if (flags.json) json_program() = program;
    logger->set_pattern(flags.json ? "%v" : flags.time ? "%Y-%m-%dT%H:%M:%S.%e %n: %v" : "%n: %v");
    logger->set_level(to_spdlog(flags.level));
    logger->flush_on(spdlog::level::trace);
    spdlog::set_default_logger(std::move(logger));
}

bool logs(LogLevel level) { return spdlog::default_logger_raw()->should_log(to_spdlog(level)); }

void log_line(LogLevel level, std::string_view text) { log_event(level, {}, {}, text); }

void log_event(LogLevel level, std::string_view event, std::span<const LogField> fields,
               std::string_view text, std::string_view hint) {
    if (!logs(level)) return;
    spdlog::logger& logger = *spdlog::default_logger_raw();
    if (json_program()) {
        logger.log(to_spdlog(level), json_line(level, event, fields, text, hint));
    } else {
        logger.log(to_spdlog(level), text);
        if (!hint.empty()) logger.log(to_spdlog(level), "hint: {}", hint);
    }
}

}  // namespace culvert
