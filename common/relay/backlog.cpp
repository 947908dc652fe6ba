#include "common/relay/backlog.hpp"

#include <algorithm>
#include <cassert>

namespace culvert {

void Backlog::append(Bytes data) {
    while (!data.empty()) {
        if (chunks_.empty() || chunks_.back().size() == chunks_.back().capacity()) {
            ByteVector chunk;
            chunk.reserve(std::clamp(data.size(), smallest_chunk, largest_chunk));
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
    const std::size_t count = std::min(views.size(), chunks_.size());
    for (std::size_t i = 0; i < count; ++i) {
        views[i] = Bytes{chunks_[i]}.subspan(i == 0 ? taken_ : 0);
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
    std::deque<ByteVector>{}.swap(chunks_);
    taken_ = size_ = 0;
}

}  // namespace culvert
