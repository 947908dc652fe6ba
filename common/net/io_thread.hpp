#pragma once

#include <exception>
#include <functional>
#include <thread>

#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>

#include "common/base/time.hpp"
#include "common/base/unique_fd.hpp"
#include "common/net/on_io_context.hpp"

namespace culvert {

/// A thread with an io_context of its own. What is made on it lives there from its first byte to
/// its last, so that nothing on the way of data needs a lock.
class IoThread {
public:
    /// Called on the thread with what a handler threw: see run_context().
    using OnError = std::function<void(const std::exception_ptr&)>;

    explicit IoThread(OnError on_error);
    IoThread(const IoThread&) = delete;
    IoThread& operator=(const IoThread&) = delete;
    ~IoThread() { join(); }

    /// Lets the thread end when nothing is left to do there, and waits for that.
    void join();

    // ---- from any thread
    IoExecutor executor() noexcept { return context_.get_executor(); }
    /// How long it has had work, in all: on a CPU, or waiting for one where the kernel counts that
    /// (/proc/PID/schedstat). Other programs' load doesn't hide it. Zero once it has been joined.
    Duration busy_time() const noexcept;

private:
    Duration cpu_time() const noexcept;

    asio::io_context context_{1};
    asio::executor_work_guard<IoExecutor> work_{context_.get_executor()};
    UniqueFd schedstat_;  ///< none: the kernel has none
    mutable std::jthread thread_;
};

}  // namespace culvert
