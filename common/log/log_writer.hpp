#pragma once

#include <climits>

#include <array>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "common/log/log_output.hpp"
#include "common/log/log_queue.hpp"

namespace culvert {

/// Writes lines to an output that may stop taking them: a pipe that isn't read, a terminal after
/// Ctrl-S, a full disk. Lines wait in a queue of one size; those that find no room, and those that
/// can't be written, are lost and counted, and a line in their place says how many.
///
/// Until start_thread() write() waits for the output. From then on it never does. A program forks
/// before: a thread doesn't survive that. From any thread.
class LogWriter {
public:
    static constexpr std::size_t default_capacity = std::size_t{256} * 1024;
    /// Makes the line that says how many were lost, and why.
    using LostLine = std::string (*)(std::size_t lines, std::string_view why);

    explicit LogWriter(LostLine lost_line, std::size_t capacity = default_capacity);
    LogWriter(const LogWriter&) = delete;
    LogWriter& operator=(const LogWriter&) = delete;

    /// Lines that wait go to the new one.
    void set_output(std::shared_ptr<const LogOutput> output);

    /// One line with its line end.
    void write(std::string_view line) noexcept;

    /// The thread lives as long as the process, and so must this object. Where no thread can be
    /// had, write() writes what the output takes at once.
    void start_thread() noexcept;

    /// Waits until nothing waits any more, and no longer than `bound`.
    void flush(std::chrono::milliseconds bound) noexcept;

private:
    enum class Threading { not_yet, started, failed };
    using Lock = std::unique_lock<std::mutex>;
    using PollTime = std::chrono::milliseconds;
    static constexpr PollTime for_ever{-1};

    static void* run_thread(void* writer) noexcept;
    void run() noexcept;
    void push(std::string_view line) noexcept;
    bool has_work() const noexcept;
    bool write_part(Lock& lock, PollTime time) noexcept;
    void make_lost_text() noexcept;
    void on_written(std::string_view text) noexcept;
    void on_failed(int failure) noexcept;

    const LostLine lost_line_;
    std::mutex mutex_;
    std::condition_variable changed_;  ///< there is work, for the thread
    std::condition_variable done_;     ///< there is none
    Threading threading_ = Threading::not_yet;

    std::shared_ptr<const LogOutput> output_ = std::make_shared<LogOutput>();
    LogQueue queue_;
    std::size_t no_room_ = 0;       ///< lines lost behind those that wait
    std::size_t lost_ = 0;          ///< lines lost ahead of them
    int why_lost_ = 0;              ///< an errno; 0: there was no room in the queue
    bool failing_ = false;          ///< the last try failed: there is no other before a line comes
    std::string lost_text_;         ///< what is left to write of the line that says how many
    std::size_t lost_in_text_ = 0;  ///< how many that are
    bool in_line_ = false;          ///< what was written last ends within a line
    /// What a pipe takes whole, so that lines of several programs don't mix.
    std::array<char, PIPE_BUF> part_{};
};

}  // namespace culvert
