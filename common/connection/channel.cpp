#include "common/connection/channel.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

#include <fmt/format.h>

#include "common/wire/protocol_error.hpp"

namespace culvert {

Channel::Channel(ChannelId local, const WindowSizes& window, WindowBudget& budget,
                 const msg::ChannelOpen& open)
    : local_{local}, state_{State::requested}, received_{window, budget} {
    set_remote(open.sender, open.initial_window, open.maximum_packet);
}

void Channel::set_remote(ChannelId remote, std::uint32_t window, std::uint32_t maximum) {
    if (maximum == 0) throw ProtocolError{"a channel with a maximum packet size of 0"};
    remote_ = remote;
    sent_ = SendWindow{window};
    packet_capacity_ = std::min(maximum, maximum_packet);
}

void Channel::on_confirmation(const msg::ChannelOpenConfirmation& message) {
    assert(is_unanswered());
    set_remote(message.sender, message.initial_window, message.maximum_packet);
    if (state_ == State::opening) state_ = State::open;
}

void Channel::on_adjust(std::uint32_t bytes) {
    assert(is_established());
    sent_.on_adjust(bytes);
}

void Channel::expect_packet_size(std::size_t bytes) {
    if (bytes > maximum_packet) {
        throw ProtocolError{
            fmt::format("{} bytes of data in a packet, {} are allowed", bytes, maximum_packet)};
    }
}

bool Channel::on_data(std::size_t bytes) {
    assert(is_established());
    expect_packet_size(bytes);
    received_.on_received(static_cast<std::uint32_t>(bytes));
    return state_ == State::open && !eof_received_;
}

bool Channel::on_eof() noexcept {
    assert(is_established());
    const bool is_first = !std::exchange(eof_received_, true);
    return state_ == State::open && is_first;
}

ChannelEnd Channel::on_close() const noexcept {
    assert(is_established());
    return reset_received_ ? ChannelEnd::reset : ChannelEnd::clean;
}

void Channel::data_sent(std::uint32_t bytes) noexcept {
    sent_.on_sent(bytes);
    if (bytes >= burst_) {
        burst_ = std::min(burst_ * 2, largest_burst);
    } else if (bytes < burst_ / 4) {
        burst_ = std::max(burst_ / 2, least_burst);
    }
}

std::uint32_t Channel::data_delivered(std::uint32_t bytes, const PathSample& path) noexcept {
    const std::uint32_t grant = received_.on_delivered(bytes, path);
    // After EOF or our CLOSE the peer has no use for more window.
    return state_ == State::open && !eof_received_ ? grant : 0;
}

}  // namespace culvert
