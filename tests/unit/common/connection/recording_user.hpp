#pragma once

#include <algorithm>
#include <functional>
#include <utility>
#include <variant>
#include <vector>

#include "common/connection/channel_user.hpp"
#include "common/wire/connection_messages.hpp"

namespace culvert::test {

// What a channel's user is told.
struct ChannelOpened {
    ChannelId channel;
};
struct ChannelRefused {
    ChannelId channel;
    OpenFailure failure;
};
struct ChannelDataReceived {
    ChannelId channel;
    ByteVector data;        ///< a copy
    const std::byte* at{};  ///< where the first of them lay
};
struct ChannelEofReceived {
    ChannelId channel;
};
struct ChannelClosed {
    ChannelId channel;
    ChannelEnd end;
};
struct ChannelLost {
    ChannelId channel;
};
using Told = std::variant<ChannelOpened, ChannelRefused, ChannelDataReceived, ChannelEofReceived,
                          ChannelClosed, ChannelLost>;

template <class One, class Other>
struct Joined;
template <class... One, class... Other>
struct Joined<std::variant<One...>, std::variant<Other...>> {
    using Type = std::variant<One..., Other...>;
};
/// Whatever happens: events of `Event`, and what users are told.
template <class Event>
using OrTold = typename Joined<Event, Told>::Type;

/// A channel's user that tells what it is told, and keeps data until the test says that they were
/// delivered.
class RecordingUser final : public ChannelUser {
public:
    using Record = std::function<void(Told)>;

    explicit RecordingUser(Record record, ChannelId channel = ChannelId{0})
        : record_{std::move(record)}, channel_{channel} {}

    ChannelRead read(std::span<const MutableBytes> slots) noexcept override {
        slot_sizes.clear();
        for (const MutableBytes slot : slots) slot_sizes.push_back(slot.size());
        return next;
    }
    std::size_t write(std::span<const Bytes> data, Rest rest) noexcept override {
        ChannelDataReceived received{channel_, {}, data.front().data()};
        for (const Bytes piece : data) append(received.data, piece);
        const std::size_t passed_on = std::min(at_once, received.data.size());
        if (rest == Rest::leave) received.data.resize(passed_on);
        tell(std::move(received));
        return passed_on;
    }
    void on_opened() noexcept override { tell(ChannelOpened{channel_}); }
    void on_refused(const OpenFailure& failure) noexcept override {
        tell(ChannelRefused{channel_, failure});
    }
    void on_eof() noexcept override { tell(ChannelEofReceived{channel_}); }
    void on_closed(ChannelEnd end) noexcept override { tell(ChannelClosed{channel_, end}); }
    void on_lost() noexcept override { tell(ChannelLost{channel_}); }

    ChannelRead next;                     ///< what each read comes to: its bytes are any
    std::vector<std::size_t> slot_sizes;  ///< of the last read
    std::size_t at_once = 0;              ///< of what is written to it, it passes on so much
    std::function<void()> act;            ///< is done whenever it is told something

private:
    void tell(Told what) {
        record_(std::move(what));
        if (act) act();
    }

    Record record_;
    ChannelId channel_;
};

}  // namespace culvert::test
