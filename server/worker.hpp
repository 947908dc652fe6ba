#pragma once

#include <atomic>
#include <list>
#include <thread>

#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>

#include "common/net/accepted.hpp"
#include "common/net/task_group.hpp"
#include "server/admission.hpp"
#include "server/server_connection.hpp"

namespace culvert {

/// A thread of the daemon with the SSH connections that it was given. Each lives here from its
/// first byte to its last, so that nothing on their way needs a lock.
class Worker {
public:
    /// `on_idle` is called on this worker's thread when, while draining, its last connection ends.
    explicit Worker(std::function<void()> on_idle);
    ~Worker() { stop(); }

    /// Ends what is left, and waits for it. Called once by the daemon's thread.
    void stop();

    // ---- from any thread
    void serve(ServerContext context, Accepted accepted, Admission::Ticket ticket);
    void drain();
    std::size_t connections() const noexcept { return count_.load(std::memory_order_relaxed); }

private:
    awaitable<void> run(ServerContext context, Accepted accepted, Admission::Ticket ticket);
    void report_idle();

    asio::io_context context_{1};
    asio::executor_work_guard<asio::io_context::executor_type> work_{context_.get_executor()};
    std::function<void()> on_idle_;
    std::atomic<std::size_t> count_{0};
    std::list<ServerConnection*> connections_;
    bool draining_ = false;
    TaskGroup tasks_;
    std::jthread thread_;
};

}  // namespace culvert
