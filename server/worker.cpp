#include "server/worker.hpp"

#include <new>
#include <utility>

#include <asio/post.hpp>

#include "common/forward/stream_registry.hpp"
#include "common/log/log.hpp"
#include "common/log/log_thrown.hpp"
#include "common/net/address.hpp"

namespace culvert {
namespace {

/// In the list of connections for as long as this lives.
class Listed {
public:
    Listed(std::list<ServerConnection*>& list, ServerConnection& connection)
        : list_{list}, place_{list.insert(list.end(), &connection)} {}
    Listed(const Listed&) = delete;
    Listed& operator=(const Listed&) = delete;
    ~Listed() { list_.erase(place_); }

private:
    std::list<ServerConnection*>& list_;
    std::list<ServerConnection*>::iterator place_;
};

}  // namespace

Worker::Worker(std::function<void()> on_idle)
    : thread_{&log_thrown},
      on_idle_{std::move(on_idle)},
      tasks_{thread_.executor(), [](const std::exception_ptr& thrown) {
                 log_error("a connection ended: {}", text_of_exception(thrown));
             }} {}

void Worker::stop() {
    asio::post(thread_.executor(), [this] { tasks_.cancel(); });
    thread_.join();
}

void Worker::measure_load(Duration time) {
    const Duration now = thread_.busy_time();
    const Duration busy = now - std::exchange(busy_time_, now);
    load_.on_measured(std::chrono::duration<double>(busy) / std::chrono::duration<double>(time));
}

void Worker::serve(ServerContext context, Accepted accepted, Admission::Ticket ticket) {
    count_.fetch_add(1, std::memory_order_relaxed);
    try {
        // A ticket and a descriptor are move-only, which std::function could not carry; post can.
        asio::post(thread_.executor(),
                   [this, context = std::move(context), accepted = std::move(accepted),
                    ticket = std::move(ticket)]() mutable {
                       begin(std::move(context), std::move(accepted), std::move(ticket));
                   });
    } catch (const std::bad_alloc&) {
        count_.fetch_sub(1, std::memory_order_relaxed);
        throw;
    }
    load_.on_given();
}

awaitable<Worker::Status> Worker::status(MostLines most) {
    Status status;
    for (const ServerConnection* const connection : connections_) {
        status.logged_in += connection->authenticated() ? 1 : 0;
        status.streams += connection->open_streams();
        if (status.connection_lines.size() < most.connections) {
            status.connection_lines.push_back(connection->status());
        }
    }
    for (const StreamInfo& stream : StreamRegistry::of(thread_.executor()).list(most.streams)) {
        status.stream_lines.push_back(describe(stream));
    }
    co_return status;
}

void Worker::begin(ServerContext context, Accepted accepted, Admission::Ticket ticket) {
    const auto peer = accepted.remote;
    try {
        tasks_.spawn(run(std::move(context), std::move(accepted), std::move(ticket)));
    } catch (const std::bad_alloc&) {
        log_error("{}: turned away: out of memory", to_string(peer));
        on_over();
    }
}

awaitable<void> Worker::run(ServerContext context, Accepted accepted, Admission::Ticket ticket) {
    const auto peer = accepted.remote;
    try {
        ServerConnection connection{std::move(context), std::move(accepted).on(thread_.executor()),
                                    peer, std::move(ticket)};
        const Listed listed{connections_, connection};
        if (draining_) connection.drain();
        co_await connection.run();
    } catch (const std::bad_alloc&) {
        log_error("{}: ended: culvertd is out of memory", to_string(peer));
    } catch (const std::exception& error) {
        log_error("{}: {}", to_string(peer), error.what());
    }
    on_over();
}

void Worker::on_over() {
    count_.fetch_sub(1, std::memory_order_relaxed);
    report_idle();
}

void Worker::drain() {
    asio::post(thread_.executor(), [this] {
        draining_ = true;
        for (ServerConnection* const connection : connections_) connection->drain();
        report_idle();
    });
}

void Worker::report_idle() {
    if (draining_ && connections() == 0) on_idle_();
}

}  // namespace culvert
