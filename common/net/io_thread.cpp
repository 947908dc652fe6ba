#include "common/net/io_thread.hpp"

#include <fcntl.h>
#include <pthread.h>
#include <time.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <future>
#include <utility>

#include "common/net/run_context.hpp"

namespace culvert {

IoThread::IoThread(OnError on_error) {
    // With its first socket a context opens what it waits with: now, when there are descriptors.
    const StreamSocket first{context_};
    std::promise<UniqueFd> opened;
    auto schedstat = opened.get_future();
    thread_ =
        std::jthread{[this, on_error = std::move(on_error), opened = std::move(opened)]() mutable {
            opened.set_value(UniqueFd{::open("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC)});
            run_context(context_, on_error);
        }};
    schedstat_ = schedstat.get();
}

void IoThread::join() {
    if (!thread_.joinable()) return;
    work_.reset();
    thread_.join();
}

Duration IoThread::busy_time() const noexcept {
    if (!thread_.joinable()) return {};
    if (!schedstat_) return cpu_time();
    // Nanoseconds on a CPU, nanoseconds of waiting for one, and a number of time slices.
    std::array<char, 96> text;
    const ssize_t size = ::pread(schedstat_.get(), text.data(), text.size(), 0);
    if (size <= 0) return cpu_time();
    const char* const end = text.data() + size;
    std::int64_t ran = 0, waited = 0;
    const auto first = std::from_chars(text.data(), end, ran);
    if (first.ptr != end) std::from_chars(first.ptr + 1, end, waited);
    return std::chrono::nanoseconds{ran + waited};
}

Duration IoThread::cpu_time() const noexcept {
    clockid_t clock{};
    timespec busy{};
    if (::pthread_getcpuclockid(thread_.native_handle(), &clock) != 0) return {};
    if (::clock_gettime(clock, &busy) != 0) return {};
    return std::chrono::seconds{busy.tv_sec} + std::chrono::nanoseconds{busy.tv_nsec};
}

}  // namespace culvert
