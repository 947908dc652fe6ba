#include "common/connection/channel_table.hpp"

#include <algorithm>
#include <cassert>

#include <fmt/format.h>

#include "common/wire/protocol_error.hpp"

namespace culvert {
namespace {

ProtocolError unexpected(ChannelId id, std::string_view why) {
    return ProtocolError{fmt::format("a message for channel {}, which {}", id.value(), why)};
}

}  // namespace

ChannelId ChannelTable::take_id() {
    assert(!full());
    const ChannelId id = next();
    if (takes_freed()) {
        first_freed_ = entries_[id.value()].next_freed;
    } else {
        entries_.emplace_back();
    }
    return id;
}

void ChannelTable::erase(ChannelId id) noexcept {
    assert(find(id) != nullptr);
    Entry& freed = entries_[id.value()];
    if (freed.channel->is_established()) {
        freed.past = Past::established;
        freed.window_left = freed.channel->receive_window();
    } else if (freed.channel->is_unanswered() && freed.past == Past::none) {
        freed.past = Past::refused;
    }
    freed.channel.reset();
    const bool others_are_free = entries_.size() > count_;
    if (others_are_free) {
        entries_[last_freed_.value()].next_freed = id;
    } else {
        first_freed_ = id;
    }
    last_freed_ = id;
    --count_;
}

Channel* ChannelTable::established(ChannelId id) {
    Entry* const named = entry(id);
    if (named == nullptr) throw unexpected(id, "doesn't exist");
    if (named->channel && named->channel->is_established()) return named->channel.get();
    // Nothing of the next channel is due before both sides have sent an id for it.
    if (named->past == Past::established) return nullptr;
    throw unexpected(id, named->channel ? "isn't open yet" : "doesn't exist");
}

Channel* ChannelTable::unanswered(ChannelId id) {
    Entry* const named = entry(id);
    if (named == nullptr) throw unexpected(id, "doesn't exist");
    if (named->channel && named->channel->is_unanswered()) return named->channel.get();
    if (named->channel && named->channel->is_established()) {
        throw unexpected(id, "has been answered");
    }
    if (named->past != Past::none) return nullptr;
    throw unexpected(id, "wasn't asked for");
}

void ChannelTable::on_late_data(ChannelId id, std::size_t bytes) {
    Channel::expect_packet_size(bytes);
    std::uint32_t& left = entries_[id.value()].window_left;
    if (bytes > left) {
        throw ProtocolError{
            fmt::format("{} bytes of data in a window of {}, for a closed channel", bytes, left)};
    }
    left -= static_cast<std::uint32_t>(bytes);
}

}  // namespace culvert
