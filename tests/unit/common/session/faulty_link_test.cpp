#include <array>
#include <chrono>

#include <doctest/doctest.h>

#include "tests/unit/common/session/conversation.hpp"

using namespace culvert;
using namespace culvert::test;

namespace {

/// A link, streams and readers of all kinds.
ConversationPlan plan_for(std::uint32_t seed) {
    constexpr std::array<std::size_t, 5> pieces = {1, 7, 100, 1500, 64 * 1024};
    constexpr std::array<Duration, 4> delays = {Duration{}, std::chrono::microseconds{100},
                                                std::chrono::milliseconds{20},
                                                std::chrono::seconds{2}};
    constexpr std::array<Duration, 3> pauses = {Duration{}, std::chrono::microseconds{200},
                                                std::chrono::milliseconds{100}};
    std::mt19937 random{seed};
    ConversationPlan plan;
    plan.link.seed = seed;
    plan.link.largest_piece = pieces[random() % pieces.size()];
    plan.link.longest_delay = delays[random() % delays.size()];
    plan.link.send_buffer = random() % 2 == 0 ? 1 : 0;  // the kernel's least
    plan.longest_pause = pauses[random() % pauses.size()];
    const std::size_t most = std::min<std::size_t>(plan.link.largest_piece * 800, 400'000);
    plan.streams.clear();
    for (std::size_t i = random() % 4; i < 4; ++i) {
        plan.streams.push_back({random() % most, random() % most});
    }
    const bool rekeys = random() % 2 == 0;
    const bool compresses = random() % 4 == 0;
    const bool are_culverts = random() % 4 != 0;
    plan.adjust = [=](EngineConfig& client, EngineConfig& server) {
        if (rekeys) client.transport.rekey.bytes = most / 3 + 1000;
        for (EngineConfig* const config : {&client, &server}) {
            if (compresses) {
                config->transport.algorithms.compression = {std::string{delayed_zstd}};
            }
            config->transport.extensions.reset = are_culverts;
        }
    };
    return plan;
}

}  // namespace

TEST_CASE("whatever a link does short of losing bytes, all arrives, in order") {
    for (std::uint32_t seed = 1; seed <= 40; ++seed) {
        CAPTURE(seed);
        Conversation conversation{plan_for(seed)};
        conversation.pair.run();
        CHECK(conversation.losses() == "");
    }
}

TEST_CASE("the same seed brings the same run, handler by handler") {
    std::array<std::size_t, 2> handlers{};
    std::array<Duration, 2> took{};
    for (std::size_t i = 0; i < 2; ++i) {
        Conversation conversation{plan_for(5)};
        conversation.pair.run();
        handlers[i] = conversation.pair.handlers();
        took[i] = conversation.pair.took();
    }
    CHECK(handlers[0] == handlers[1]);
    CHECK(took[0] == took[1]);
}

namespace {

constexpr std::array hows = {LinkCut::How::closed, LinkCut::How::reset, LinkCut::How::silent};

ConversationPlan short_talk() {
    ConversationPlan plan;
    plan.streams = {{3000, 5000}, {0, 100}, {100, 0}};
    return plan;
}

/// How many bytes go one way.
struct Measured {
    std::uint64_t handshake = 0;   ///< until streams may be opened
    std::uint64_t before_end = 0;  ///< until the sessions need no more of each other
};

std::array<Measured, 2> measured(const ConversationPlan& plan) {
    Conversation whole{plan};
    whole.pair.run();
    REQUIRE(whole.losses() == "");
    constexpr std::uint64_t end = 300;  // CLOSE, DISCONNECT
    return {Measured{whole.handshake_up, whole.pair.link.carried(0) - end},
            Measured{whole.handshake_down, whole.pair.link.carried(1) - end}};
}

/// Both sides end, with an Error, and every user is told.
void cut(ConversationPlan plan, const LinkCut& how) {
    CAPTURE(how.lane);
    CAPTURE(how.after);
    CAPTURE(std::string{name_of(how.how)});
    plan.cut = how;
    Conversation conversation{std::move(plan)};
    conversation.pair.run();
    REQUIRE(conversation.pair.link.is_cut());
    CHECK(conversation.faults() == "");
    CHECK(!conversation.pair.client_end.text.empty());
    CHECK(!conversation.pair.server_end.text.empty());
}

}  // namespace

TEST_CASE("a connection that breaks at any byte ends both sessions, and every user is told") {
    const auto lanes = measured(short_talk());
    for (std::size_t lane = 0; lane < 2; ++lane) {
        REQUIRE(lanes[lane].handshake > 300);
        REQUIRE(lanes[lane].before_end > lanes[lane].handshake + 3000);
        std::uint64_t after = 0;
        while (after < lanes[lane].before_end) {
            cut(short_talk(), {lane, after, hows[after % hows.size()]});
            after += after < lanes[lane].handshake ? 1 : 17;
        }
    }
}

TEST_CASE("a chopped and slow connection that breaks ends both sessions, too") {
    for (std::uint32_t seed = 1; seed <= 25; ++seed) {
        CAPTURE(seed);
        const ConversationPlan plan = plan_for(seed);
        const auto lanes = measured(plan);
        std::mt19937 random{seed};
        for (std::size_t lane = 0; lane < 2; ++lane) {
            const std::uint64_t after = random() % lanes[lane].before_end;
            cut(plan, {lane, after, hows[random() % hows.size()]});
        }
    }
}
