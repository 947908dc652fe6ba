#include "common/log/log.hpp"

#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <string>

#include <fmt/chrono.h>
#include <nlohmann/json.hpp>

#include "common/base/shell_quote.hpp"
#include "common/log/log_output.hpp"
#include "common/log/log_writer.hpp"

namespace culvert {
namespace {

/// Who names the log's file, for errors.
constexpr std::string_view of_configuration = "log.file";

std::string_view name_of(LogLevel level) {
    switch (level) {
        case LogLevel::off:
            return "off";
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

/// The journal's priority (sd-daemon(3)): err, info, debug.
std::string_view journal_priority(LogLevel level) {
    if (level == LogLevel::error) return "<3>";
    return level == LogLevel::info ? "<6>" : "<7>";
}

std::string lost_line(std::size_t lines, std::string_view why);

/// The program's log. What each line asks is atomic; the rest is changed by one thread at a time.
struct Log {
    std::string program = "culvert";
    std::array<std::atomic<LogLevel>, log_kinds> limits{};
    std::atomic<bool> json = false;
    std::atomic<bool> time = false;
    std::atomic<bool> priorities = false;
    LogWriter writer{&lost_line};

    std::mutex changing;
    LogFlags flags;
    LogSettings settings;
    std::string file_of_flag;

    Log() { settle(); }

    /// Where the lines go with these settings; null: where they go now. Throws Error{config}.
    std::shared_ptr<LogOutput> output_for(const LogSettings& wanted) const {
        if (!file_of_flag.empty()) return nullptr;
        if (!wanted.file.empty()) return std::make_shared<LogOutput>(wanted.file, of_configuration);
        return settings.file.empty() ? nullptr : std::make_shared<LogOutput>();
    }

    void follow(const LogSettings& wanted, std::shared_ptr<LogOutput> output) {
        if (output) writer.set_output(std::move(output));
        settings = wanted;
        settle();
    }

    void settle() {
        const LogLimits chosen = log_limits(flags, settings);
        for (std::size_t kind = 0; kind < log_kinds; ++kind) limits[kind] = chosen[kind];
        const bool in_file = !file_of_flag.empty() || !settings.file.empty();
        json = flags.json || settings.format == LogFormat::json;
        time = flags.time || in_file;
        // The environment is not changed once there are threads.
        const char* const stream = std::getenv("JOURNAL_STREAM");  // NOLINT(concurrency-mt-unsafe)
        priorities = !in_file && stderr_is_journal(stream);
    }
};

/// Never destroyed: the thread that writes lives until the process ends.
Log& the_log() {
    static Log& log = *new Log;  // NOLINT(cppcoreguidelines-owning-memory)
    return log;
}

auto milliseconds_of(std::chrono::system_clock::time_point time) {
    return std::chrono::floor<std::chrono::milliseconds>(time).time_since_epoch().count() % 1000;
}

std::string utc(std::chrono::system_clock::time_point time) {
    const std::time_t seconds = std::chrono::system_clock::to_time_t(time);
    return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z", fmt::gmtime(seconds), milliseconds_of(time));
}

std::string local(std::chrono::system_clock::time_point time) {
    const std::time_t seconds = std::chrono::system_clock::to_time_t(time);
    return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}", fmt::localtime(seconds),
                       milliseconds_of(time));
}

std::string json_line(LogLevel level, std::string_view event, std::span<const LogField> fields,
                      std::string_view text, std::string_view hint) {
    nlohmann::ordered_json line{{"time", utc(std::chrono::system_clock::now())},
                                {"program", the_log().program},
                                {"level", name_of(level)},
                                {"text", text}};
    if (!hint.empty()) line["hint"] = hint;
    if (!event.empty()) line["event"] = event;
    for (const LogField& field : fields) {
        std::visit([&](const auto& value) { line[std::string{field.name}] = value; }, field.value);
    }
    return line.dump(-1, ' ', true, nlohmann::ordered_json::error_handler_t::replace);
}

/// The line as it is written, and one for the hint if there is one.
std::string whole_line(LogLevel level, std::string_view event, std::span<const LogField> fields,
                       std::string_view text, std::string_view hint, std::string_view tag) {
    const Log& log = the_log();
    const std::string_view priority = log.priorities ? journal_priority(level) : "";
    if (log.json) {
        return fmt::format("{}{}\n", priority, json_line(level, event, fields, text, hint));
    }
    const std::string time = log.time ? local(std::chrono::system_clock::now()) + " " : "";
    const std::string start = fmt::format("{}{}{}: ", priority, time, log.program);
    if (hint.empty()) return fmt::format("{}{}{}\n", start, text, tag);
    // A hint may be a command that is pasted: to a shell the tag is a comment.
    const std::string_view comment = tag.empty() ? "" : " #";
    return fmt::format("{}{}{}\n{}hint: {}{}{}\n", start, text, tag, start, hint, comment, tag);
}

std::string lost_line(std::size_t lines, std::string_view why) {
    const std::array fields{LogField{"lines", std::uint64_t{lines}}};
    const std::string text =
        fmt::format("{} line{} lost: {}", lines, lines == 1 ? "" : "s",
                    why.empty() ? std::string_view{"the log was not read in time"} : why);
    return whole_line(LogLevel::error, "lines_lost", fields, text, {}, {});
}

}  // namespace

void start_log(std::string_view program, const LogFlags& flags) {
    Log& log = the_log();
    const std::lock_guard lock{log.changing};
    log.program = program;
    log.flags = flags;
    log.settle();
}

void check_log(const LogSettings& settings) {
    if (!settings.file.empty()) expect_writable_log(settings.file, of_configuration);
}

void configure_log(const LogSettings& settings) {
    Log& log = the_log();
    const std::lock_guard lock{log.changing};
    log.follow(settings, log.output_for(settings));
}

void log_to_file(const std::string& path) {
    Log& log = the_log();
    const std::lock_guard lock{log.changing};
    auto file = std::make_shared<LogOutput>(path, "-E");
    // What a library or the C++ runtime has to say goes there too, and whoever reads stderr to its
    // end doesn't wait for this program.
    (void)::dup2(file->fd(), STDERR_FILENO);
    log.writer.set_output(std::move(file));
    log.file_of_flag = path;
    log.settle();
}

void reopen_log() {
    Log& log = the_log();
    const std::string file_of_flag = log.file_of_flag;
    if (!file_of_flag.empty()) return log_to_file(file_of_flag);
    const std::lock_guard lock{log.changing};
    if (log.settings.file.empty()) return;
    log.writer.set_output(std::make_shared<LogOutput>(log.settings.file, of_configuration));
}

void reopen_log_after_signal() noexcept {
    try {
        reopen_log();
    } catch (const std::exception& error) {
        log_error("SIGHUP: the log stays as it was: {}", error.what());
    }
}

void use_log(const LogSettings& settings) {
    Log& log = the_log();
    const std::lock_guard lock{log.changing};
    auto output = log.output_for(settings);
    if (output && !settings.file.empty()) {
        log_info("the log goes to {}", shell_quoted(settings.file));
        flush_log(std::chrono::milliseconds{500});  // to stderr
    }
    log.follow(settings, std::move(output));
}

void start_log_thread() noexcept { the_log().writer.start_thread(); }

void flush_log(std::chrono::milliseconds bound) noexcept { the_log().writer.flush(bound); }

bool logs(LogClass line) noexcept {
    const LogLevel limit =
        the_log().limits[static_cast<std::size_t>(line.kind)].load(std::memory_order_relaxed);
    return line.level <= limit;
}

void log_line(LogClass line, std::string_view text) { log_event(line, {}, {}, text); }

void log_event(LogClass line, std::string_view event, std::span<const LogField> fields,
               std::string_view text, std::string_view hint, std::string_view tag) {
    if (!logs(line)) return;
    try {
        the_log().writer.write(whole_line(line.level, event, fields, text, hint, tag));
    } catch (const std::exception&) {
        the_log().writer.write("a line of the log is lost: out of memory\n");
    }
}

}  // namespace culvert
