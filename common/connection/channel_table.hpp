#pragma once

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "common/connection/channel.hpp"
#include "common/pacing/limits.hpp"

namespace culvert {

/// The channels of one connection by our own ids, which are small and used again. It keeps what
/// each id was used for, which decides about a message of the peer that names it: for an
/// established channel it is due; for an id whose channel is closed it is late, and ignored; for an
/// id that never had a channel it is a ProtocolError.
///
/// An id becomes free when both sides have sent CHANNEL_CLOSE, and what the peer sends after its
/// own is late. So that late messages don't meet the next channel of that id, freed ids are used in
/// the order in which they became free, and only when there are more than `resting` of them.
class ChannelTable {
public:
    explicit ChannelTable(std::size_t limit) noexcept : limit_{limit} {}

    bool full() const noexcept { return count_ == limit_; }
    std::size_t size() const noexcept { return count_; }
    /// The id of the next one, while not full().
    ChannelId next() const noexcept {
        return takes_freed() ? first_freed_
                             : ChannelId{static_cast<std::uint32_t>(entries_.size())};
    }

    /// Only when not full(). The channel stays where it is until it is erased.
    template <class... Args>
    Channel& emplace(Args&&... args) {
        auto channel = std::make_unique<Channel>(next(), std::forward<Args>(args)...);
        auto& place = entries_[take_id().value()].channel;
        place = std::move(channel);
        ++count_;
        return *place;
    }
    void erase(ChannelId id) noexcept;

    template <class Function>
    void for_each(Function function) {
        for (Entry& each : entries_) {
            if (each.channel) function(*each.channel);
        }
    }

    /// Null if there is none.
    Channel* find(ChannelId id) const noexcept {
        return id.value() < entries_.size() ? entries_[id.value()].channel.get() : nullptr;
    }

    // ---- ids that the peer names; each throws ProtocolError for one that it must not name
    /// The channel that a message of RFC 4254 5.2 to 5.4 is for; null if the message is late.
    Channel* established(ChannelId id);
    /// The channel that waits for this answer to CHANNEL_OPEN; null if the answer is late.
    Channel* unanswered(ChannelId id);
    /// Late data count against what was left of the closed channel's window.
    void on_late_data(ChannelId id, std::size_t bytes);

    /// How many freed ids rest at least.
    static constexpr std::size_t resting = limits::peer::resting_ids;

private:
    /// What the peer knows of an id's channels that are gone.
    enum class Past : std::uint8_t {
        none,
        refused,      ///< named in a CHANNEL_OPEN of ours, never in more
        established,  ///< once
    };
    struct Entry {
        std::unique_ptr<Channel> channel;
        ChannelId next_freed;           ///< while it is free
        std::uint32_t window_left = 0;  ///< of the last channel that was established
        Past past = Past::none;
    };

    bool takes_freed() const noexcept { return entries_.size() - count_ > resting; }
    ChannelId take_id();
    Entry* entry(ChannelId id) noexcept {
        return id.value() < entries_.size() ? &entries_[id.value()] : nullptr;
    }

    std::size_t limit_;
    std::size_t count_ = 0;
    std::vector<Entry> entries_;
    // A list through the free entries, so that erase() never has to allocate.
    ChannelId first_freed_;
    ChannelId last_freed_;
};

}  // namespace culvert
