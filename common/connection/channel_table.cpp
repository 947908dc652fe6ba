#include "common/connection/channel_table.hpp"

#include <cassert>

#include <fmt/format.h>

#include "common/wire/protocol_error.hpp"

namespace culvert {

ChannelId ChannelTable::take_id() {
    assert(!full());
    if (free_.empty()) {
        channels_.emplace_back();
        // So that erase() never has to allocate.
        free_.reserve(channels_.capacity());
        return ChannelId{static_cast<std::uint32_t>(channels_.size() - 1)};
    }
    const ChannelId id = free_.back();
    free_.pop_back();
    return id;
}

void ChannelTable::erase(ChannelId id) noexcept {
    assert(find(id) != nullptr);
    channels_[id.value()].reset();
    free_.push_back(id);
    --count_;
}

Channel& ChannelTable::named_by_peer(ChannelId id) {
    Channel* const channel = find(id);
    if (channel == nullptr) {
        throw ProtocolError{
            fmt::format("a message for channel {}, which doesn't exist", id.value())};
    }
    return *channel;
}

}  // namespace culvert
