#include "common/connection/channel_table.hpp"

#include <doctest/doctest.h>

#include <map>
#include <random>

#include "tests/unit/common/wire/refusal.hpp"

using namespace culvert;

namespace {

constexpr WindowSizes windows{100, 100};
WindowBudget budget{1'000'000};

}  // namespace

TEST_CASE("ids begin at 0 and are used again, the last that became free first") {
    ChannelTable table{10};
    for (std::uint32_t id = 0; id < 3; ++id)
        CHECK(table.emplace(windows, budget).local() == ChannelId{id});
    table.erase(ChannelId{0});
    table.erase(ChannelId{1});
    CHECK(table.find(ChannelId{1}) == nullptr);
    CHECK(table.size() == 1);
    CHECK(table.emplace(windows, budget).local() == ChannelId{1});
    CHECK(table.emplace(windows, budget).local() == ChannelId{0});
    CHECK(table.emplace(windows, budget).local() == ChannelId{3});
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

TEST_CASE("what the peer names and isn't there is its fault") {
    ChannelTable table{10};
    Channel& channel = table.emplace(windows, budget);
    CHECK(&table.named_by_peer(ChannelId{0}) == &channel);
    for (const std::uint32_t id : {1u, 9u, 10u, 0x8000'0000u, 0xffff'ffffu}) {
        CAPTURE(id);
        CHECK(table.find(ChannelId{id}) == nullptr);
        CHECK_THROWS_AS(table.named_by_peer(ChannelId{id}), ProtocolError);
    }
    table.erase(ChannelId{0});
    CHECK(test::refusal([&] { table.named_by_peer(ChannelId{0}); }).what() ==
          std::string{"a message for channel 0, which doesn't exist"});
}

TEST_CASE("the table agrees with a map, and its ids stay below the most there ever were") {
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
            REQUIRE(channel.local().value() < most);
        } else if (!model.empty()) {
            const auto gone =
                std::next(model.begin(), static_cast<std::ptrdiff_t>(random() % model.size()));
            table.erase(ChannelId{gone->first});
            model.erase(gone);
        }
        REQUIRE(table.size() == model.size());
        REQUIRE(table.full() == (model.size() == 64));
        for (std::uint32_t id = 0; id < 70; ++id) {
            const auto known = model.find(id);
            REQUIRE(table.find(ChannelId{id}) == (known == model.end() ? nullptr : known->second));
        }
    }
}
