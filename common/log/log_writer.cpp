#include "common/log/log_writer.hpp"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <exception>
#include <utility>

#include "common/base/file.hpp"
#include "common/base/time.hpp"

namespace culvert {
namespace {

/// How often the thread looks whether a stuck output has been replaced.
constexpr std::chrono::milliseconds look_time{250};
/// Small, since it counts where address space is limited; sanitizers need that much.
constexpr std::size_t stack_size = std::size_t{256} * 1024;

struct Written {
    std::size_t size = 0;  ///< 0 without a failure: the output takes nothing now
    int failure = 0;       ///< an errno
};

Written write_some(int fd, std::string_view text, std::chrono::milliseconds time) {
    pollfd room{fd, POLLOUT, 0};
    if (::poll(&room, 1, static_cast<int>(time.count())) <= 0) return {};
    const ssize_t size = ::write(fd, text.data(), text.size());
    if (size >= 0) return {static_cast<std::size_t>(size), 0};
    if (errno == EINTR) return {};
    if (errno != EAGAIN) return {0, errno};
    // poll(2) said otherwise: not to ask it in a loop.
    ::poll(nullptr, 0, time == time.zero() ? 0 : 10);
    return {};
}

}  // namespace

LogWriter::LogWriter(LostLine lost_line, std::size_t capacity)
    : lost_line_{lost_line}, queue_{capacity} {}

void LogWriter::set_output(std::shared_ptr<const LogOutput> output) {
    const Lock lock{mutex_};
    output_ = std::move(output);
    failing_ = false;
    changed_.notify_one();
}

void LogWriter::write(std::string_view line) noexcept {
    Lock lock{mutex_};
    push(line);
    switch (threading_) {
        case Threading::started:
            changed_.notify_one();
            break;
        case Threading::not_yet:
            while (has_work()) write_part(lock, for_ever);
            break;
        case Threading::failed:
            while (has_work() && write_part(lock, PollTime::zero())) {
            }
            break;
    }
}

void LogWriter::push(std::string_view line) noexcept {
    // After a loss room for more than a line, so that lines and counts don't alternate.
    const bool is_full = no_room_ > 0 && queue_.free() < queue_.capacity() / 2;
    if (no_room_ > 0 && !is_full) {
        try {
            if (queue_.push(lost_line_(no_room_, {}))) no_room_ = 0;
        } catch (const std::exception&) {  // no memory: with a later line
        }
    }
    if (no_room_ > 0 || !queue_.push(line)) ++no_room_;
}

bool LogWriter::has_work() const noexcept {
    return !queue_.empty() || !lost_text_.empty() || (lost_ > 0 && !failing_);
}

/// False if the output takes nothing now.
bool LogWriter::write_part(Lock& lock, PollTime time) noexcept {
    if (lost_ > 0 && lost_text_.empty()) make_lost_text();
    const std::string_view text = lost_text_.empty()
                                      ? queue_.peek(part_)
                                      : std::string_view{lost_text_}.substr(0, part_.size());
    if (text.empty()) return false;
    const auto output = output_;
    const bool has_thread = threading_ == Threading::started;
    if (has_thread) lock.unlock();
    const Written written = write_some(output->fd(), text, time);
    if (has_thread) lock.lock();
    if (written.failure != 0) {
        // One that was replaced meanwhile may fail: what waits goes to the new one.
        if (output != output_) return true;
        on_failed(written.failure);
    } else if (written.size > 0) {
        on_written(text.substr(0, written.size));
    }
    return written.failure == 0 && written.size > 0;
}

void LogWriter::make_lost_text() noexcept {
    try {
        const std::string why = why_lost_ == 0 ? "" : reason_of(why_lost_);
        lost_text_ = (in_line_ ? "\n" : "") + lost_line_(lost_, why);
        lost_in_text_ = lost_;
    } catch (const std::exception&) {
        failing_ = true;  // no memory: with the next line
    }
}

void LogWriter::on_written(std::string_view text) noexcept {
    failing_ = false;
    in_line_ = text.back() != '\n';
    if (lost_text_.empty()) {
        queue_.pop(text.size());
    } else {
        lost_text_.erase(0, text.size());
        if (lost_text_.empty()) lost_ -= std::exchange(lost_in_text_, 0);
    }
    if (queue_.empty() && no_room_ > 0) {
        lost_ += std::exchange(no_room_, 0);
        why_lost_ = 0;
    }
}

void LogWriter::on_failed(int failure) noexcept {
    failing_ = true;
    lost_text_.clear();
    lost_in_text_ = 0;
    lost_ += queue_.clear() + std::exchange(no_room_, 0);
    why_lost_ = failure;
}

void LogWriter::start_thread() noexcept {
    const Lock lock{mutex_};
    if (threading_ == Threading::started) return;
    sigset_t all{};
    sigset_t before{};
    sigfillset(&all);
    // Signals are for the other threads. SIGTTOU above all would stop the program where a terminal
    // is set to `tostop`.
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pthread_attr_t attributes{};
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&attributes, stack_size);
    pthread_t thread{};
    const bool started = pthread_create(&thread, &attributes, &run_thread, this) == 0;
    pthread_attr_destroy(&attributes);
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    threading_ = started ? Threading::started : Threading::failed;
}

void* LogWriter::run_thread(void* writer) noexcept {
    static_cast<LogWriter*>(writer)->run();
    return nullptr;
}

void LogWriter::run() noexcept {
    Lock lock{mutex_};
    for (;;) {
        changed_.wait(lock, [this] { return has_work(); });
        write_part(lock, look_time);
        if (!has_work()) done_.notify_all();
    }
}

void LogWriter::flush(std::chrono::milliseconds bound) noexcept {
    Lock lock{mutex_};
    if (threading_ == Threading::started) {
        done_.wait_for(lock, bound, [this] { return !has_work(); });
        return;
    }
    const TimePoint until = Clock::now() + bound;
    while (has_work() && Clock::now() < until) write_part(lock, look_time / 10);
}

}  // namespace culvert
