#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include <asio/execution_context.hpp>

#include "common/forward/stream.hpp"
#include "common/net/on_io_context.hpp"

namespace culvert {

/// A stream as it is at one moment. Its texts are escaped.
struct StreamInfo {
    StreamId id;
    std::string connection;
    std::string originator;
    std::string target;
    StreamBytes bytes;
    Duration age;
};

/// `10.0.0.9:51234 (alice): 127.0.0.1:40112 -> pop3:110: 512 bytes there, 20480 back, for 12 s`
std::string describe(const StreamInfo& stream);

/// Is told of each stream of a thread, on that thread.
class StreamWatcher {
public:
    virtual ~StreamWatcher() = default;

    /// Its channel is being asked for, by us or by the peer.
    virtual void on_begun(const Stream& stream) noexcept = 0;
    /// It is gone, however it ended.
    virtual void on_gone(StreamId stream) noexcept = 0;
};

/// The streams of one thread, whatever their SSH connections: to be listed, watched and told to
/// end, on that thread. One for each io_context.
class StreamRegistry final : public asio::execution_context::service {
public:
    static inline asio::execution_context::id id;

    explicit StreamRegistry(asio::execution_context& context) : service{context} {}
    /// The registry of the executor's thread, from any thread.
    static StreamRegistry& of(const IoExecutor& executor);

    /// The oldest first, at most so many.
    std::vector<StreamInfo> list(std::size_t most) const;
    std::size_t size() const noexcept { return size_; }
    /// False if there is none of that name.
    bool end(StreamId stream) noexcept;
    /// A watcher must unwatch before it goes.
    void watch(StreamWatcher& watcher) { watchers_.push_back(&watcher); }
    void unwatch(StreamWatcher& watcher) noexcept { std::erase(watchers_, &watcher); }

    /// For what carries a stream.
    void tell_begun(const Stream& stream) const noexcept;

private:
    friend class Stream;

    static StreamId next_id() noexcept;
    void add(Stream& stream) noexcept;
    void remove(Stream& stream) noexcept;
    void shutdown() override {}

    Stream* oldest_ = nullptr;
    Stream* newest_ = nullptr;
    std::size_t size_ = 0;
    std::vector<StreamWatcher*> watchers_;
};

}  // namespace culvert
