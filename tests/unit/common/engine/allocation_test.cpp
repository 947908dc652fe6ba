// What bulk data costs in allocations.
#include <doctest/doctest.h>

#include "tests/unit/allocations.hpp"
#include "tests/unit/common/engine/world.hpp"

using namespace culvert;
using namespace culvert::test;

namespace {

/// Two engines joined without anything in between, and one open channel.
class Bulk {
public:
    explicit Bulk(const Choice& choice)
        : world_{Scene{.client = client_config(choice),
                       .server = server_config(choice),
                       .streams = {{.size = {endless, endless}}}}} {
        while (!world_.program(Role::client).streams()[0].is_open) world_.exchange();
        for (const Role role : {Role::client, Role::server}) {
            world_.program(role).deliver(0, SIZE_MAX);
        }
    }

    /// One turn of each side, everything of which arrives, is delivered and granted again.
    void turn() {
        for (const Role role : {Role::client, Role::server}) {
            Engine& from = world_.engine(role);
            Engine& to = world_.engine(World::other(role));
            while (from.unsent().size() < 512 * 1024) {
                const auto slots = from.next_slots(512 * 1024, start_time);
                if (!slots) break;
                std::size_t bytes = 0;
                for (const MutableBytes space : slots->space) bytes += space.size();
                from.commit(bytes, true);
                sent_ += bytes;
            }
            carry(from, to);
        }
    }

    std::size_t sent() const noexcept { return sent_; }
    std::size_t received() const noexcept { return received_; }

private:
    static constexpr std::size_t endless = SIZE_MAX / 2;

    void carry(Engine& from, Engine& to) {
        while (!from.unsent().empty()) {
            const MutableBytes space = to.receive_space();
            const Bytes bytes = from.unsent().first(std::min(space.size(), from.unsent().size()));
            std::memcpy(space.data(), bytes.data(), bytes.size());
            from.sent(bytes.size());
            to.received(bytes.size(), start_time);
            while (const auto event = to.poll(start_time)) {
                if (std::holds_alternative<TurnOver>(*event)) continue;
                const auto& data = std::get<ChannelDataReceived>(std::get<ConnectionEvent>(*event));
                received_ += data.data.size();
                to.delivered(data.channel, data.data.size(), start_time);
            }
        }
    }

    World world_;
    std::size_t sent_ = 0;
    std::size_t received_ = 0;
};

}  // namespace

TEST_CASE("bulk data, once it flows, allocates nothing in either direction") {
    for (const Choice& choice : all_choices()) {
        CAPTURE(choice.cipher);
        CAPTURE(choice.compression);
        Bulk bulk{choice};
        for (int i = 0; i < 50; ++i) bulk.turn();
        const std::size_t before = allocations();
        const std::size_t sent_before = bulk.sent();
        for (int i = 0; i < 50; ++i) bulk.turn();
        CHECK(allocations() - before == 0);
        CHECK(bulk.sent() - sent_before > 20'000'000);
        CHECK(bulk.received() == bulk.sent());
    }
}
