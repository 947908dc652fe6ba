#pragma once

#include <atomic>
#include <cstddef>
#include <optional>
#include <string>

#include "common/forward/stream.hpp"
#include "common/forward/stream_registry.hpp"
#include "common/net/task_group.hpp"

namespace culvert {

/// Why a stream's target wasn't reached.
struct Unreached {
    OpenFailure failure;                ///< as the peer says it, or is told
    std::optional<std::string> denied;  ///< which rule, for our log: the peer hears less
};

/// What the streams of an SSH connection tell the program, on the connection's thread.
class StreamOwner {
public:
    virtual ~StreamOwner() = default;

    virtual void on_opening(const Stream& stream) = 0;
    virtual void on_not_opened(const Stream& stream, const Unreached& why) = 0;
    /// It was carried, and is over.
    virtual void on_over(const Stream& stream, RelayEnd end) = 0;
    /// One is counted no more.
    virtual void on_stream_gone() noexcept = 0;
};

/// The streams of one SSH connection. They end with it, but for the tail that a program has yet to
/// read.
class Streams {
public:
    /// All must outlive it. `connection` names the SSH connection in log lines, and may change.
    Streams(IoExecutor executor, const std::string& connection, StreamOwner& owner,
            TaskGroup::OnError on_error);

    // ---- from any thread
    std::size_t count() const noexcept { return count_.load(std::memory_order_relaxed); }
    /// One counts from here on: a Stream adopts it, or on_gone() or unexpect() is called.
    void expect() noexcept { count_.fetch_add(1, std::memory_order_relaxed); }
    /// It has not come to the streams' thread, and the owner hears nothing of it.
    void unexpect() noexcept { count_.fetch_sub(1, std::memory_order_relaxed); }

    // ---- on its thread
    void on_gone() noexcept;
    /// Of the streams that are over.
    const StreamBytes& finished() const noexcept { return finished_; }
    /// Resets what is left, and returns when all of it is gone.
    awaitable<void> join() { return tasks_.join(); }

    // ---- for what carries a stream
    const std::string& connection() const noexcept { return connection_; }
    StreamRegistry& registry() const noexcept { return registry_; }
    TaskGroup& tasks() noexcept { return tasks_; }
    const IoExecutor& executor() const noexcept { return tasks_.executor(); }
    void on_opening(const Stream& stream);
    void on_not_opened(const Stream& stream, const Unreached& why);
    void on_over(const Stream& stream, RelayEnd end);

private:
    const std::string& connection_;
    StreamOwner& owner_;
    StreamRegistry& registry_;
    std::atomic<std::size_t> count_{0};
    StreamBytes finished_;
    TaskGroup tasks_;
};

}  // namespace culvert
