#include <doctest/doctest.h>

#include "tests/unit/common/engine/world.hpp"

using namespace culvert;
using namespace culvert::test;
using namespace std::chrono_literals;

namespace {

/// A bulk stream and one of small messages, from the client to the server, over a path that takes
/// a tenth of a millisecond there and back.
class Shared {
public:
    Shared() {
        while (!world_.program(Role::client).streams()[1].is_open) world_.exchange();
    }

    /// Sends all the bulk that may go, a small message if there is one, and carries it all.
    std::size_t round(bool small) {
        const std::size_t before = sent_;
        client_.set_readable(small_, small);
        send();
        now_ += 100us;
        carry(client_, server_);
        carry(server_, client_);
        return sent_ - before;
    }
    bool has_company() const { return client_.has_company(now_); }
    std::size_t largest_turn() const noexcept { return largest_turn_; }
    std::size_t smallest_turn() const noexcept { return smallest_turn_; }

private:
    static constexpr std::size_t endless = SIZE_MAX / 2;
    static constexpr std::size_t message = 100;

    void send() {
        largest_turn_ = 0;
        smallest_turn_ = SIZE_MAX;
        const std::size_t target = has_company() ? Company::batch : 512 * 1024;
        while (client_.unsent().size() < target) {
            const auto slots = client_.next_slots(target - client_.unsent().size(), now_);
            if (!slots) break;
            std::size_t bytes = 0;
            for (const MutableBytes space : slots->space) bytes += space.size();
            largest_turn_ = std::max(largest_turn_, bytes);
            smallest_turn_ = std::min(smallest_turn_, bytes);
            const bool is_small = slots->channel == small_;
            if (is_small) bytes = message;
            client_.commit(bytes, !is_small);
            if (!is_small) sent_ += bytes;
        }
    }

    void carry(Engine& from, Engine& to) {
        while (!from.unsent().empty()) {
            const MutableBytes space = to.receive_space();
            const Bytes bytes = from.unsent().first(std::min(space.size(), from.unsent().size()));
            std::ranges::copy(bytes, space.begin());
            from.sent(bytes.size());
            to.received(bytes.size(), now_);
            while (const auto event = to.poll(now_)) {
                const auto* data = std::get_if<ConnectionEvent>(&*event);
                if (data == nullptr) continue;
                const auto& received = std::get<ChannelDataReceived>(*data);
                to.delivered(received.channel, received.data.size(), now_);
            }
        }
    }

    World world_{Scene{.streams = {{.size = {endless, 0}}, {.size = {endless, 0}}}}};
    Engine& client_ = world_.engine(Role::client);
    Engine& server_ = world_.engine(Role::server);
    ChannelId small_{1};
    TimePoint now_ = start_time;
    std::size_t sent_ = 0;
    std::size_t largest_turn_ = 0;  ///< of the last round
    std::size_t smallest_turn_ = 0;
};

}  // namespace

TEST_CASE("beside small messages little is sent at a time") {
    Shared shared;
    for (int i = 0; i < 60; ++i) REQUIRE(shared.round(false) > 0);
    CHECK_FALSE(shared.has_company());
    CHECK(shared.largest_turn() > Company::turn);

    for (int i = 0; i < 60; ++i) shared.round(true);
    CHECK(shared.has_company());
    std::size_t sent = 0;
    for (int i = 0; i < 60; ++i) {
        sent += shared.round(true);
        CHECK(shared.largest_turn() <= Company::turn);
    }
    CHECK(sent > 0);

    for (int i = 0; i < 60; ++i) shared.round(false);
    CHECK_FALSE(shared.has_company());
    CHECK(shared.largest_turn() > Company::turn);
}

TEST_CASE("a turn that all but fits leaves no crumb") {
    Shared shared;
    for (int i = 0; i < 60; ++i) REQUIRE(shared.round(false) > 0);
    for (int i = 0; i < 60; ++i) {
        shared.round(false);
        CHECK(shared.smallest_turn() == Scheduler::default_quantum);
    }
}

TEST_CASE("bulk goes on when company makes what was sent since the last ping too much") {
    for (int alone = 50; alone < 70; ++alone) {
        CAPTURE(alone);
        Shared shared;
        for (int i = 0; i < alone; ++i) REQUIRE(shared.round(false) > 0);
        for (int i = 0; i < 60; ++i) shared.round(true);
        std::size_t sent = 0;
        for (int i = 0; i < 60; ++i) sent += shared.round(true);
        CHECK(sent > 1'000'000);
    }
}
