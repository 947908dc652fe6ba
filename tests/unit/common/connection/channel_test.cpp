#include "common/connection/channel.hpp"

#include <doctest/doctest.h>

#include <array>
#include <optional>

#include "tests/unit/common/wire/refusal.hpp"

using namespace culvert;
using State = Channel::State;

namespace {

constexpr std::uint32_t our_window = 100'000;
constexpr WindowSizes windows{our_window, our_window};

WindowBudget& budget() {
    static WindowBudget budget{1'000'000'000};
    return budget;
}

msg::ChannelOpen open_with(std::uint32_t window, std::uint32_t maximum_packet) {
    return {"direct-tcpip", ChannelId{7}, window, maximum_packet};
}

msg::ChannelOpenConfirmation confirmation(std::uint32_t window = 1000,
                                          std::uint32_t maximum_packet = 500) {
    return {ChannelId{0}, ChannelId{9}, window, maximum_packet};
}

struct InState {
    std::optional<Channel> held;
    Channel& channel() { return *held; }

    explicit InState(State state) {
        if (state == State::requested) {
            held.emplace(ChannelId{0}, windows, budget(), open_with(1000, 500));
            return;
        }
        held.emplace(ChannelId{0}, windows, budget());
        if (state == State::open || state == State::closing) held->on_confirmation(confirmation());
        if (state == State::closing) held->close_sent();
    }
};

}  // namespace

TEST_CASE("each message in each state that it is for (RFC 4254 5)") {
    struct Row {
        std::string_view name;
        State state;
        bool unanswered, established;
        bool takes_data;
    };
    for (const Row& row : {
             Row{"opening", State::opening, true, false, false},
             Row{"requested", State::requested, false, false, false},
             Row{"open", State::open, false, true, true},
             Row{"closing", State::closing, false, true, false},
         }) {
        CAPTURE(row.name);
        InState in{row.state};
        CHECK(in.channel().state() == row.state);
        CHECK(in.channel().is_unanswered() == row.unanswered);
        CHECK(in.channel().is_established() == row.established);
        if (!row.established) continue;
        CHECK_NOTHROW(in.channel().on_adjust(1));
        CHECK(in.channel().on_data(1) == row.takes_data);
        CHECK(in.channel().on_eof() == row.takes_data);
        CHECK(in.channel().on_close() == ChannelEnd::clean);
        CHECK(in.channel().state() == row.state);
    }
    InState opening{State::opening};
    opening.channel().on_confirmation(confirmation());
    CHECK(opening.channel().state() == State::open);
}

TEST_CASE("what the peer said at the start is what we keep to") {
    Channel ours{ChannelId{3}, windows, budget()};
    CHECK(ours.receive_window() == our_window);
    CHECK_FALSE(ours.may_send());
    ours.on_confirmation(confirmation(1000, 500));
    CHECK(ours.local() == ChannelId{3});
    CHECK(ours.remote() == ChannelId{9});
    CHECK(ours.packet_capacity() == 500);
    CHECK(ours.turn_size() == 1000);

    Channel theirs{ChannelId{4}, windows, budget(), open_with(2000, 1)};
    CHECK(theirs.remote() == ChannelId{7});
    CHECK(theirs.packet_capacity() == 1);
    CHECK(theirs.turn_size() == 2000);
    theirs.set_readable(true);
    CHECK_FALSE(theirs.may_send());  // not confirmed yet
    theirs.confirmed();
    CHECK(theirs.may_send());

    const Channel generous{ChannelId{5}, windows, budget(), open_with(0xffff'ffff, 0xffff'ffff)};
    CHECK(generous.packet_capacity() == Channel::maximum_packet);
}

TEST_CASE("a maximum packet size of 0 is refused") {
    CHECK_THROWS_AS(Channel(ChannelId{0}, windows, budget(), open_with(1000, 0)), ProtocolError);
    Channel ours{ChannelId{0}, windows, budget()};
    CHECK_THROWS_AS(ours.on_confirmation(confirmation(1000, 0)), ProtocolError);
}

TEST_CASE("sending needs something to send, window, and neither EOF nor CLOSE sent") {
    InState in{State::open};
    Channel& channel = in.channel();
    CHECK_FALSE(channel.may_send());
    channel.set_readable(true);
    CHECK(channel.may_send());
    channel.data_sent(1000);
    CHECK_FALSE(channel.may_send());
    channel.on_adjust(1);
    CHECK(channel.may_send());
    channel.set_readable(false);
    CHECK_FALSE(channel.may_send());
    channel.set_readable(true);
    channel.eof_sent();
    CHECK_FALSE(channel.may_send());
    CHECK(channel.has_sent_eof());

    InState closing{State::closing};
    closing.channel().set_readable(true);
    CHECK_FALSE(closing.channel().may_send());
}

TEST_CASE("data after EOF are dropped and count, a second EOF is ignored") {
    InState in{State::open};
    CHECK_FALSE(in.channel().has_received_eof());
    CHECK(in.channel().on_eof());
    CHECK(in.channel().has_received_eof());
    CHECK_FALSE(in.channel().on_eof());
    CHECK_FALSE(in.channel().on_data(0));
    CHECK_FALSE(in.channel().on_data(1));
    CHECK(in.channel().receive_window() == our_window - 1);
    for (int i = 0; i < 3; ++i) CHECK_FALSE(in.channel().on_data(Channel::maximum_packet));
    CHECK_THROWS_AS((void)in.channel().on_data(Channel::maximum_packet), ProtocolError);
    CHECK_NOTHROW(in.channel().on_adjust(1));
    CHECK(in.channel().on_close() == ChannelEnd::clean);
}

TEST_CASE("data over a limit are refused") {
    InState open{State::open};
    CHECK(open.channel().on_data(Channel::maximum_packet));
    CHECK_THROWS_AS((void)open.channel().on_data(Channel::maximum_packet + 1), ProtocolError);
    CHECK_THROWS_AS((void)open.channel().on_data(std::size_t{1} << 32), ProtocolError);

    // Three full packets and 1696 bytes fill the window.
    CHECK(open.channel().on_data(Channel::maximum_packet));
    CHECK(open.channel().on_data(Channel::maximum_packet));
    CHECK(open.channel().on_data(1696));
    CHECK_THROWS_AS((void)open.channel().on_data(1), ProtocolError);
}

TEST_CASE("what crosses our CLOSE is still held to the window") {
    InState in{State::closing};
    for (int i = 0; i < 3; ++i) CHECK_FALSE(in.channel().on_data(Channel::maximum_packet));
    CHECK_THROWS_AS((void)in.channel().on_data(Channel::maximum_packet), ProtocolError);
    CHECK_FALSE(in.channel().on_eof());
    CHECK_FALSE(in.channel().on_data(1));
}

TEST_CASE("the window grows back with what is delivered, as long as the peer has a use for it") {
    InState in{State::open};
    CHECK(in.channel().on_data(30'000));
    CHECK(in.channel().data_delivered(24'999, {}) == 0);
    CHECK(in.channel().data_delivered(1, {}) == 25'000);
    CHECK(in.channel().receive_window() == 95'000);

    CHECK(in.channel().on_data(30'000));
    CHECK(in.channel().on_eof());
    CHECK(in.channel().data_delivered(30'000, {}) == 0);

    InState closing{State::open};
    CHECK(closing.channel().on_data(30'000));
    closing.channel().close_sent();
    CHECK(closing.channel().data_delivered(30'000, {}) == 0);
}

TEST_CASE("a CLOSE after reset@culvert.internal is no clean end") {
    InState in{State::open};
    in.channel().on_reset_request();
    CHECK(in.channel().on_close() == ChannelEnd::reset);
}

TEST_CASE("turns grow with a stream that fills them, and shrink with one that doesn't") {
    Channel channel{ChannelId{0}, windows, budget()};
    channel.on_confirmation(confirmation(0xffff'ffff, 0xffff'ffff));
    CHECK(channel.turn_size() == Channel::least_burst);
    for (std::uint32_t size = Channel::least_burst; size < Channel::largest_burst; size *= 2) {
        CHECK(channel.turn_size() == size);
        channel.data_sent(size);
    }
    channel.data_sent(Channel::largest_burst);
    CHECK(channel.turn_size() == Channel::largest_burst);
    channel.data_sent(Channel::largest_burst / 4);  // neither full nor nearly empty
    CHECK(channel.turn_size() == Channel::largest_burst);
    for (int i = 0; i < 20; ++i) channel.data_sent(1);
    CHECK(channel.turn_size() == Channel::least_burst);
}
