#include "common/relay/backlog.hpp"

#include <algorithm>
#include <cassert>

namespace culvert {

void Backlog::append(Bytes data) {
    while (!data.empty()) {
        if (chunks_.empty() || chunks_.back().size() == chunks_.back().capacity()) {
            ByteVector chunk;
            chunk.reserve(std::clamp(data.size(), limits::buffer::smallest_chunk,
                                     limits::buffer::largest_chunk));
            chunks_.push_back(std::move(chunk));
        }
        ByteVector& last = chunks_.back();
        const std::size_t fits = std::min(data.size(), last.capacity() - last.size());
        culvert::append(last, data.first(fits));
        size_ += fits;
        data = data.subspan(fits);
    }
}

std::span<const Bytes> Backlog::front(std::span<Bytes> views) const noexcept {
    std::size_t count = 0;
    for (const ByteVector& chunk : chunks_) {
        if (count == views.size()) break;
        views[count] = Bytes{chunk}.subspan(count == 0 ? taken_ : 0);
        ++count;
    }
    return views.first(count);
}

void Backlog::taken(std::size_t bytes) noexcept {
    taken_ += bytes;
    size_ -= bytes;
    while (!chunks_.empty() && taken_ >= chunks_.front().size()) {
        taken_ -= chunks_.front().size();
        chunks_.pop_front();
    }
    assert(!chunks_.empty() || taken_ == 0);
}

void Backlog::clear() noexcept {
    chunks_.clear();
    taken_ = size_ = 0;
}

}  // namespace culvert
