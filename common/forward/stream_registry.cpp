#include "common/forward/stream_registry.hpp"

#include <atomic>

#include <fmt/format.h>

namespace culvert {

std::string describe(const StreamInfo& stream) {
    return fmt::format("{}: {} -> {}: {} bytes there, {} back, for {:.0f} s", stream.connection,
                       stream.originator, stream.target, stream.bytes.there, stream.bytes.back,
                       std::chrono::duration<double>(stream.age).count());
}

StreamRegistry& StreamRegistry::of(const IoExecutor& executor) {
    return asio::use_service<StreamRegistry>(executor.context());
}

StreamId StreamRegistry::next_id() noexcept {
    static std::atomic<std::uint64_t> last{0};
    return StreamId{last.fetch_add(1, std::memory_order_relaxed) + 1};
}

void StreamRegistry::add(Stream& stream) noexcept {
    stream.previous_ = newest_;
    (newest_ != nullptr ? newest_->next_ : oldest_) = &stream;
    newest_ = &stream;
    ++size_;
}

void StreamRegistry::remove(Stream& stream) noexcept {
    (stream.previous_ != nullptr ? stream.previous_->next_ : oldest_) = stream.next_;
    (stream.next_ != nullptr ? stream.next_->previous_ : newest_) = stream.previous_;
    --size_;
    for (StreamWatcher* const watcher : watchers_) watcher->on_gone(stream.id());
}

void StreamRegistry::tell_begun(const Stream& stream) const noexcept {
    for (StreamWatcher* const watcher : watchers_) watcher->on_begun(stream);
}

std::vector<StreamInfo> StreamRegistry::list(std::size_t most) const {
    const TimePoint now = Clock::now();
    std::vector<StreamInfo> all;
    for (const Stream* stream = oldest_; stream != nullptr && all.size() < most;
         stream = stream->next_) {
        all.push_back({.id = stream->id(),
                       .connection = stream->connection(),
                       .originator = stream->originator(),
                       .target = stream->target(),
                       .bytes = stream->bytes(),
                       .age = now - stream->began()});
    }
    return all;
}

bool StreamRegistry::end(StreamId stream) noexcept {
    for (Stream* one = oldest_; one != nullptr; one = one->next_) {
        if (one->id() != stream) continue;
        one->end();
        return true;
    }
    return false;
}

}  // namespace culvert
