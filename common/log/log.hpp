#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <utility>
#include <variant>

#include <fmt/format.h>

#include "common/base/error.hpp"
#include "common/log/log_flags.hpp"

namespace culvert {

/// Must be called before the first line; called again, the new flags hold. Every line on stderr is
/// `program: text`, with --log-time `2026-11-23T20:15:01.123 program: text` (local time), and with
/// --log-json an object with time (UTC), program, level, text, and an event's name and fields.
void start_log(std::string_view program, const LogFlags& flags = {});

bool logs(LogLevel level);

/// One line. Text of a peer or a file must have been escaped (escape.hpp).
void log_line(LogLevel level, std::string_view text);

/// One thing that is known of an event. Times are in seconds, amounts in bytes.
struct LogField {
    std::string_view name;
    std::variant<std::string_view, std::uint64_t, double> value;
};

/// A line about something that programs may want to count: the text is for people, the name and the
/// fields go into JSON. A hint that isn't empty follows as a line of its own, `program: hint:
/// TEXT`, of the same level; in JSON it is the field `hint`.
void log_event(LogLevel level, std::string_view event, std::span<const LogField> fields,
               std::string_view text, std::string_view hint = {});

/// Formats only what will be seen.
template <class... Args>
void log_at(LogLevel level, fmt::format_string<Args...> format, Args&&... args) {
    if (logs(level)) log_line(level, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void log_error(fmt::format_string<Args...> format, Args&&... args) {
    log_at<Args...>(LogLevel::error, format, std::forward<Args>(args)...);
}
/// The error's text, and its hint.
inline void log_error(const Error& error) {
    log_event(LogLevel::error, {}, {}, error.what(), error.hint());
}
template <class... Args>
void log_info(fmt::format_string<Args...> format, Args&&... args) {
    log_at<Args...>(LogLevel::info, format, std::forward<Args>(args)...);
}
template <class... Args>
void log_verbose(fmt::format_string<Args...> format, Args&&... args) {
    log_at<Args...>(LogLevel::verbose, format, std::forward<Args>(args)...);
}
template <class... Args>
void log_debug(fmt::format_string<Args...> format, Args&&... args) {
    log_at<Args...>(LogLevel::debug, format, std::forward<Args>(args)...);
}

}  // namespace culvert
