#include "common/connection/channel_table.hpp"

#include <doctest/doctest.h>

#include <map>
#include <random>

#include "tests/unit/common/wire/refusal.hpp"

using namespace culvert;

namespace {

constexpr WindowSizes windows{100, 100};
WindowBudget budget{100'000'000};
const msg::ChannelOpen open{"direct-tcpip", ChannelId{7}, 1000, 500};
const msg::ChannelOpenConfirmation confirmation{ChannelId{0}, ChannelId{9}, 1000, 500};

ChannelId emplace(ChannelTable& table) { return table.emplace(windows, budget).local(); }

}  // namespace

TEST_CASE("ids begin at 0, and the one that has been free longest is used again") {
    ChannelTable table{2000};
    for (std::uint32_t id = 0; id < 3; ++id) CHECK(emplace(table) == ChannelId{id});
    table.erase(ChannelId{1});
    table.erase(ChannelId{0});
    CHECK(table.find(ChannelId{1}) == nullptr);
    CHECK(table.size() == 1);
    // Not before enough others have become free.
    std::uint32_t fresh = 3;
    for (std::size_t freed = 2; freed <= ChannelTable::resting; ++freed) {
        const ChannelId id = emplace(table);
        REQUIRE(id == ChannelId{fresh++});
        table.erase(id);
    }
    CHECK(table.next() == ChannelId{1});
    CHECK(emplace(table) == ChannelId{1});
    CHECK(emplace(table) == ChannelId{fresh++});
    table.erase(ChannelId{1});
    CHECK(emplace(table) == ChannelId{0});
    table.erase(ChannelId{0});
    CHECK(emplace(table) == ChannelId{3});
}

TEST_CASE("a channel stays where it is while others come and go") {
    ChannelTable table{1000};
    Channel& first = table.emplace(windows, budget);
    for (int i = 0; i < 999; ++i) table.emplace(windows, budget);
    CHECK(table.full());
    CHECK(table.find(ChannelId{0}) == &first);
    table.erase(ChannelId{500});
    CHECK_FALSE(table.full());
}

TEST_CASE("an id that never had an open channel is the peer's fault") {
    ChannelTable table{10};
    Channel& channel = table.emplace(windows, budget);
    channel.on_confirmation(confirmation);
    CHECK(table.established(ChannelId{0}) == &channel);
    for (const std::uint32_t id : {1u, 9u, 10u, 0x8000'0000u, 0xffff'ffffu}) {
        CAPTURE(id);
        CHECK(table.find(ChannelId{id}) == nullptr);
        CHECK_THROWS_AS(table.established(ChannelId{id}), ProtocolError);
        CHECK_THROWS_AS(table.unanswered(ChannelId{id}), ProtocolError);
    }
    CHECK(test::refusal([&] { table.established(ChannelId{1}); }).what() ==
          std::string{"a message for channel 1, which doesn't exist"});
}

TEST_CASE("what the peer may name while a channel is opened, open, and gone") {
    ChannelTable table{10};
    // Opened by us, and refused: the peer knew the id and never had a channel.
    const ChannelId refused = emplace(table);
    CHECK_THROWS_AS(table.established(refused), ProtocolError);
    CHECK(table.unanswered(refused) != nullptr);
    table.erase(refused);
    CHECK_THROWS_AS(table.established(refused), ProtocolError);
    CHECK(table.unanswered(refused) == nullptr);
    CHECK(table.unanswered(refused) == nullptr);

    // Requested by the peer, and refused: it never heard of the id.
    const ChannelId denied = table.emplace(windows, budget, open).local();
    CHECK_THROWS_AS(table.established(denied), ProtocolError);
    CHECK_THROWS_AS(table.unanswered(denied), ProtocolError);
    table.erase(denied);
    CHECK_THROWS_AS(table.established(denied), ProtocolError);
    CHECK_THROWS_AS(table.unanswered(denied), ProtocolError);

    // Open, closing, closed.
    Channel& channel = table.emplace(windows, budget, open);
    const ChannelId id = channel.local();
    channel.confirmed();
    CHECK(table.established(id) == &channel);
    CHECK_THROWS_AS(table.unanswered(id), ProtocolError);
    channel.close_sent();
    CHECK(table.established(id) == &channel);
    CHECK_THROWS_AS(table.unanswered(id), ProtocolError);
    table.erase(id);
    CHECK(table.established(id) == nullptr);
    CHECK(table.unanswered(id) == nullptr);
}

TEST_CASE(
    "an id that is used again: what is late never reaches the next channel before it is open") {
    ChannelTable table{1};
    const auto use_up = [&](auto&&... from_peer) {
        for (;;) {
            Channel& channel = table.emplace(windows, budget, from_peer...);
            if (channel.local() == ChannelId{0}) return &channel;
            table.erase(channel.local());
        }
    };
    Channel* channel = use_up();
    channel->on_confirmation(confirmation);
    table.erase(ChannelId{0});

    channel = use_up();  // ours: opening
    CHECK(table.established(ChannelId{0}) == nullptr);
    CHECK(table.unanswered(ChannelId{0}) == channel);
    table.erase(ChannelId{0});
    CHECK(table.established(ChannelId{0}) == nullptr);

    channel = use_up(open);  // the peer's: requested
    CHECK(table.established(ChannelId{0}) == nullptr);
    CHECK(table.unanswered(ChannelId{0}) == nullptr);
    channel->confirmed();
    CHECK(table.established(ChannelId{0}) == channel);
    CHECK_THROWS_AS(table.unanswered(ChannelId{0}), ProtocolError);
}

TEST_CASE("late data are held to what was left of the window") {
    ChannelTable table{2000};
    const WindowSizes sizes{100'000, 100'000};
    Channel& channel = table.emplace(sizes, budget, open);
    channel.confirmed();
    CHECK(channel.on_data(20'000));
    CHECK(channel.on_data(20'000));
    table.erase(ChannelId{0});
    CHECK_NOTHROW(table.on_late_data(ChannelId{0}, 30'000));
    CHECK_NOTHROW(table.on_late_data(ChannelId{0}, 29'999));
    CHECK_THROWS_AS(table.on_late_data(ChannelId{0}, 2), ProtocolError);
    CHECK_NOTHROW(table.on_late_data(ChannelId{0}, 1));
    CHECK_NOTHROW(table.on_late_data(ChannelId{0}, 0));
    CHECK_THROWS_AS(table.on_late_data(ChannelId{0}, 1), ProtocolError);

    Channel& other = table.emplace(sizes, budget, open);
    other.confirmed();
    const ChannelId id = other.local();
    table.erase(id);
    CHECK_THROWS_AS(table.on_late_data(id, Channel::maximum_packet + 1), ProtocolError);
}

TEST_CASE("the table agrees with a map, and its ids stay few") {
    std::mt19937 random{5};
    ChannelTable table{64};
    std::map<std::uint32_t, const Channel*> model;
    std::size_t most = 0;
    for (int i = 0; i < 10'000; ++i) {
        if (random() % 2 == 0 && !table.full()) {
            const Channel& channel = table.emplace(windows, budget);
            const bool fresh = model.emplace(channel.local().value(), &channel).second;
            REQUIRE(fresh);
            most = std::max(most, model.size());
            REQUIRE(channel.local().value() < most + ChannelTable::resting);
        } else if (!model.empty()) {
            const auto gone =
                std::next(model.begin(), static_cast<std::ptrdiff_t>(random() % model.size()));
            table.erase(ChannelId{gone->first});
            model.erase(gone);
        }
        REQUIRE(table.size() == model.size());
        REQUIRE(table.full() == (model.size() == 64));
        for (std::uint32_t id = 0; id < 64 + ChannelTable::resting; id += id < 70 ? 1 : 37) {
            const auto known = model.find(id);
            REQUIRE(table.find(ChannelId{id}) == (known == model.end() ? nullptr : known->second));
        }
    }
}
