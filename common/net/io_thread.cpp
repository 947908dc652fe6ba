#include "common/net/io_thread.hpp"

#include <pthread.h>
#include <time.h>

#include <utility>

#include "common/net/run_context.hpp"

namespace culvert {

IoThread::IoThread(OnError on_error) {
    // With its first socket a context opens what it waits with: now, when there are descriptors.
    const StreamSocket first{context_};
    thread_ =
        std::jthread{[this, on_error = std::move(on_error)] { run_context(context_, on_error); }};
}

void IoThread::join() {
    if (!thread_.joinable()) return;
    work_.reset();
    thread_.join();
}

Duration IoThread::cpu_time() const noexcept {
    clockid_t clock{};
    timespec busy{};
    if (!thread_.joinable()) return {};
    if (::pthread_getcpuclockid(thread_.native_handle(), &clock) != 0) return {};
    if (::clock_gettime(clock, &busy) != 0) return {};
    return std::chrono::seconds{busy.tv_sec} + std::chrono::nanoseconds{busy.tv_nsec};
}

}  // namespace culvert
