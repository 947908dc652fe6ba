#pragma once

#include <memory>
#include <vector>

#include "common/connection/channel.hpp"

namespace culvert {

/// The channels of one connection by our own ids, which are small and used again.
class ChannelTable {
public:
    explicit ChannelTable(std::size_t limit) noexcept : limit_{limit} {}

    bool full() const noexcept { return count_ == limit_; }
    std::size_t size() const noexcept { return count_; }
    /// The id of the next one, while not full().
    ChannelId next() const noexcept {
        return free_.empty() ? ChannelId{static_cast<std::uint32_t>(channels_.size())}
                             : free_.back();
    }

    /// Only when not full(). The channel stays where it is until it is erased.
    template <class... Args>
    Channel& emplace(Args&&... args) {
        const ChannelId id = take_id();
        auto& slot = channels_[id.value()];
        slot = std::make_unique<Channel>(id, std::forward<Args>(args)...);
        ++count_;
        return *slot;
    }
    void erase(ChannelId id) noexcept;

    /// Null if there is none.
    Channel* find(ChannelId id) noexcept {
        return id.value() < channels_.size() ? channels_[id.value()].get() : nullptr;
    }
    /// Throws ProtocolError if there is none: the peer named it.
    Channel& named_by_peer(ChannelId id);

private:
    ChannelId take_id();

    std::size_t limit_;
    std::size_t count_ = 0;
    std::vector<std::unique_ptr<Channel>> channels_;
    std::vector<ChannelId> free_;
};

}  // namespace culvert
