#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

#include "common/base/time.hpp"
#include "common/log/log.hpp"

namespace culvert {

/// Keeps a kind of line that others can cause as often as they like from filling the log: of each
/// `span` the first `burst` lines with the same cause are written, the others counted. So a flood
/// hides no line that has another cause. From any thread.
class RepeatLimit {
public:
    static constexpr std::size_t burst = 10;
    static constexpr Duration span = std::chrono::seconds{10};
    /// Of causes that a peer can make up no more are kept apart; those beyond count as one.
    static constexpr std::size_t most_causes = 16;

    /// `lines_of`: what the count counts, as in "connections turned away". `tag` ends each line.
    explicit RepeatLimit(std::string lines_of, LogKind kind = LogKind::general,
                         std::string tag = {})
        : lines_of_{std::move(lines_of)}, kind_{kind}, tag_{std::move(tag)} {}

    /// Whether to write such a line now; if not, it is counted. Writes before it how many were
    /// counted in the span before. `cause` is a few words, escaped.
    bool admits(LogLevel level, std::string_view cause) {
        return admits(level, cause, Clock::now());
    }
    bool admits(LogLevel level, std::string_view cause, TimePoint now);

    template <class... Args>
    void log(LogLevel level, std::string_view cause, fmt::format_string<Args...> format,
             Args&&... args) {
        if (!admits(level, cause)) return;
        log_line({level, kind_}, fmt::format(format, std::forward<Args>(args)...) + tag_);
    }

    /// Writes what was counted in spans that are over; to be called once in a while.
    void report(LogLevel level, TimePoint now);
    /// For the end of the program: what has been kept back since.
    void log_rest(LogLevel level) { report(level, TimePoint::max()); }

private:
    struct Count {
        TimePoint span_began;
        std::size_t in_span = 0;
        std::size_t kept_back = 0;
    };
    using Counts = std::map<std::string, Count, std::less<>>;

    Counts::iterator find_or_add(std::string_view cause, TimePoint now);
    void begin_span(LogLevel level, Counts::iterator entry, TimePoint now) const;

    const std::string lines_of_;
    const LogKind kind_;
    const std::string tag_;
    std::mutex mutex_;
    Counts counts_;  ///< by cause; the last one's is empty
};

}  // namespace culvert
