#pragma once

#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include <fmt/format.h>

#include "common/base/error.hpp"
#include "common/log/log_flags.hpp"
#include "common/log/log_settings.hpp"

namespace culvert {

// From start_log_thread() on a line waits in a queue for a thread that writes it: nothing ever
// waits for stderr. What the queue has no room for, or what can't be written, is lost and counted;
// a line says how many, as soon as one can be written. See log_writer.hpp.

/// Must be called before the first line; called again, the new flags hold. Every line on stderr is
/// `program: text`, with --log-time, or in a file, `2026-11-23T20:15:01.123 program: text` (local
/// time), and with --log-json an object with time (UTC), program, level, text, and an event's name
/// and fields. Where stderr is systemd's journal each line begins with its priority, as in `<3>`
/// (sd-daemon(3)).
void start_log(std::string_view program, const LogFlags& flags = {});

/// What a configuration file says holds from here on, as far as no flag says otherwise. Throws
/// Error{config} when its log file can't be written; then nothing has changed.
void configure_log(const LogSettings& settings);

/// Throws Error{config} where configure_log() would, and makes no file.
void check_log(const LogSettings& settings);

/// -E: from here on what goes to stderr goes to the end of this file, whatever a configuration
/// says; a missing one is made, 0600. Throws Error{config}.
void log_to_file(const std::string& path);

/// Opens the log file anew, for when another program has renamed it; nothing on stderr. Throws
/// Error{config} when it can't be written; then the old one stays.
void reopen_log();

/// The same for SIGHUP: it logs what it can't do.
void reopen_log_after_signal() noexcept;

/// As configure_log(), for a program's start: a line on stderr says where the log goes from here
/// on, once the file is open.
void use_log(const LogSettings& settings);

/// For a program that goes on working, after its fork; once.
void start_log_thread() noexcept;

/// Waits for lines to be written, and no longer than so.
constexpr std::chrono::milliseconds longest_flush{2'000};
void flush_log(std::chrono::milliseconds bound = longest_flush) noexcept;

/// How important a line is, and what it is about.
struct LogClass {
    constexpr LogClass(LogLevel line_level, LogKind line_kind = LogKind::general) noexcept
        : level{line_level}, kind{line_kind} {}

    LogLevel level;
    LogKind kind;
};

bool logs(LogClass line) noexcept;

/// One line. Text of a peer or a file must have been escaped (escape.hpp).
void log_line(LogClass line, std::string_view text);

/// One thing that is known of an event. Times are in seconds, amounts in bytes.
struct LogField {
    std::string_view name;
    std::variant<std::string_view, std::uint64_t, double> value;
};

/// A line about something that programs may want to count: the text is for people, the name and the
/// fields go into JSON. A hint that isn't empty follows as a line of its own, `program: hint:
/// TEXT`, of the same level; in JSON it is the field `hint`. `tag` (` [mail]`) ends each of these
/// lines, to a shell as a comment; in JSON a field has to say what it says.
void log_event(LogClass line, std::string_view event, std::span<const LogField> fields,
               std::string_view text, std::string_view hint = {}, std::string_view tag = {});

/// Formats only what will be seen.
template <class... Args>
void log_at(LogClass line, fmt::format_string<Args...> format, Args&&... args) {
    if (logs(line)) log_line(line, fmt::format(format, std::forward<Args>(args)...));
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
