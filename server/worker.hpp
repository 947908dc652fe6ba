#pragma once

#include <atomic>
#include <list>

#include "common/base/load.hpp"
#include "common/net/accepted.hpp"
#include "common/net/io_thread.hpp"
#include "common/net/task_group.hpp"
#include "server/admission.hpp"
#include "server/server_connection.hpp"

namespace culvert {

/// A thread of the daemon with the SSH connections that it was given.
class Worker {
public:
    /// `on_idle` is called on this worker's thread when, while draining, its last connection ends.
    explicit Worker(std::function<void()> on_idle);
    ~Worker() { stop(); }

    // ---- the daemon's thread
    /// Ends what is left, and waits for it.
    void stop();
    /// May throw std::bad_alloc: then the connection is closed.
    void serve(ServerContext context, Accepted accepted, Admission::Ticket ticket);
    /// How busy it has been for so long, since it was measured last.
    void measure_load(Duration time);
    /// Nobody is connected any more: what it was busy with is over.
    void forget_load() noexcept { load_ = {}; }
    double load() const noexcept { return load_.average(); }

    struct Status {
        std::size_t logged_in = 0;
        std::size_t streams = 0;
        // A line for each of them, up to the number that was asked for.
        std::vector<std::string> connection_lines;
        std::vector<std::string> stream_lines;
    };
    struct MostLines {
        std::size_t connections = 0;
        std::size_t streams = 0;
    };

    // ---- on its own thread, with run_on()
    awaitable<Status> status(MostLines most);

    // ---- from any thread
    IoExecutor executor() noexcept { return thread_.executor(); }
    void drain();
    std::size_t connections() const noexcept { return count_.load(std::memory_order_relaxed); }

private:
    void begin(ServerContext context, Accepted accepted, Admission::Ticket ticket);
    awaitable<void> run(ServerContext context, Accepted accepted, Admission::Ticket ticket);
    void on_over();
    void report_idle();

    IoThread thread_;
    Load load_;
    Duration busy_time_{};  ///< when it was measured last
    std::function<void()> on_idle_;
    std::atomic<std::size_t> count_{0};
    std::list<ServerConnection*> connections_;
    bool draining_ = false;
    TaskGroup tasks_;
};

}  // namespace culvert
