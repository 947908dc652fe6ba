#include "server/worker_pool.hpp"

#include <algorithm>
#include <iterator>
#include <system_error>
#include <utility>

#include <fmt/format.h>
#include <asio/post.hpp>

#include "common/base/error.hpp"
#include "common/base/load.hpp"
#include "common/base/time.hpp"
#include "common/log/log.hpp"
#include "common/net/pause.hpp"
#include "common/net/run_on.hpp"

namespace culvert {
namespace {

/// How often the workers' load is measured, while there are connections.
constexpr Duration measuring_time = std::chrono::milliseconds{500};

}  // namespace

void WorkerPool::start(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
        try {
            workers_.push_back(std::make_unique<Worker>(
                [this] { asio::post(measuring_.executor(), [this] { on_worker_idle(); }); }));
        } catch (const std::system_error& error) {
            // The limits of a container, or RLIMIT_NPROC: those that there are will do.
            const std::string why = fmt::format("only {} of {} threads can be started: {}", i,
                                                count, error.code().message());
            if (workers_.empty()) throw Error{ErrorKind::internal, why};
            log_error("{}", why);
            break;
        }
    }
}

void WorkerPool::serve(ServerContext context, Accepted accepted, Admission::Ticket ticket) {
    least_loaded_worker().serve(std::move(context), std::move(accepted), std::move(ticket));
    if (measuring_.empty()) measuring_.spawn(measure_load());
}

Worker& WorkerPool::least_loaded_worker() {
    std::vector<Candidate> candidates;
    for (const auto& worker : workers_) {
        candidates.push_back({worker->load(), worker->connections()});
    }
    return *workers_[least_loaded(candidates)];
}

/// As long as anybody is connected: a worker without connections is idle.
awaitable<void> WorkerPool::measure_load() {
    TimePoint before = Clock::now();
    while (connections() > 0) {
        co_await pause(measuring_time);
        const TimePoint now = Clock::now();
        for (const auto& worker : workers_) worker->measure_load(now - before);
        before = now;
    }
    for (const auto& worker : workers_) worker->forget_load();
}

std::size_t WorkerPool::connections() const noexcept {
    std::size_t all = 0;
    for (const auto& worker : workers_) all += worker->connections();
    return all;
}

awaitable<Worker::Status> WorkerPool::status(Worker::MostLines most) {
    Worker::Status all;
    for (const auto& worker : workers_) {
        const Worker::MostLines left{most.connections - all.connection_lines.size(),
                                     most.streams - all.stream_lines.size()};
        const auto status = co_await run_on(worker->executor(), worker->status(left));
        all.logged_in += status.logged_in;
        all.streams += status.streams;
        std::ranges::copy(status.connection_lines, std::back_inserter(all.connection_lines));
        std::ranges::copy(status.stream_lines, std::back_inserter(all.stream_lines));
    }
    co_return all;
}

void WorkerPool::drain() {
    for (const auto& worker : workers_) worker->drain();
}

void WorkerPool::on_worker_idle() {
    if (++idle_workers_ == workers_.size()) on_drained_();
}

void WorkerPool::stop() {
    for (const auto& worker : workers_) worker->stop();
}

}  // namespace culvert
