#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <vector>

#include "common/net/accepted.hpp"
#include "common/net/awaitable.hpp"
#include "common/net/on_io_context.hpp"
#include "common/net/task_group.hpp"
#include "server/admission.hpp"
#include "server/server_connection.hpp"
#include "server/worker.hpp"

namespace culvert {

/// The daemon's workers: each new connection goes to the one with the least load. It lives on its
/// owner's thread, where it measures the load as long as there are connections.
class WorkerPool {
public:
    /// `on_drained` is called on the executor's thread when, after drain(), the last connection of
    /// the last worker has ended. `on_error` is called with what ended the measuring.
    WorkerPool(IoExecutor executor, std::function<void()> on_drained, TaskGroup::OnError on_error)
        : on_drained_{std::move(on_drained)},
          measuring_{std::move(executor), std::move(on_error)} {}

    /// Starts so many workers. Where the system has fewer threads to give, those that there are
    /// will do; throws Error{internal} where there is none.
    void start(std::size_t count);

    /// May throw std::bad_alloc: then the connection is closed.
    void serve(ServerContext context, Accepted accepted, Admission::Ticket ticket);

    std::size_t connections() const noexcept;
    /// Of all workers together.
    awaitable<Worker::Status> status(Worker::MostLines most);

    /// Ahead of the destructor, once no connection comes any more.
    awaitable<void> stop_measuring() { return measuring_.join(); }
    /// Each connection ends when its last stream has.
    void drain();
    /// Ends what is left, and waits for it.
    void stop();

private:
    Worker& least_loaded_worker();
    awaitable<void> measure_load();
    void on_worker_idle();

    std::function<void()> on_drained_;
    std::size_t idle_workers_ = 0;
    TaskGroup measuring_;
    std::vector<std::unique_ptr<Worker>> workers_;  ///< they go first: they use what stands above
};

}  // namespace culvert
