#pragma once

#include <cstddef>
#include <mutex>
#include <string>

#include "common/base/time.hpp"
#include "common/log/log.hpp"

namespace culvert {

/// Keeps a kind of line that others can cause as often as they like from filling the log: of each
/// `span` the first `burst` lines are written, the others counted. From any thread.
class RepeatLimit {
public:
    static constexpr std::size_t burst = 10;
    static constexpr Duration span = std::chrono::seconds{10};

    /// `lines_of`: what the count counts, as in "connections turned away".
    explicit RepeatLimit(std::string lines_of) : lines_of_{std::move(lines_of)} {}

    struct Verdict {
        bool is_written;
        std::size_t kept_back;  ///< of the spans before this one; not reported so far
    };
    Verdict admit(TimePoint now);

    /// Writes the line, or counts it; and before it how many were counted.
    template <class... Args>
    void log(LogLevel level, fmt::format_string<Args...> format, Args&&... args) {
        if (!logs(level)) return;
        const Verdict verdict = admit(Clock::now());
        report(level, verdict.kept_back);
        if (verdict.is_written) log_line(level, fmt::format(format, std::forward<Args>(args)...));
    }
    /// For the end of the program: what has been kept back since.
    void log_rest(LogLevel level);

private:
    void report(LogLevel level, std::size_t kept_back) const;

    std::string lines_of_;
    std::mutex mutex_;
    TimePoint span_began_{};
    std::size_t in_span_ = 0;
    std::size_t kept_back_ = 0;
};

}  // namespace culvert
