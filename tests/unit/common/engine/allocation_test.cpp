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
            while (from.unsent().size() < 512 * 1024) {
                if (!from.send_turn(512 * 1024, start_time)) break;
            }
            carry(from, world_.program(World::other(role)));
        }
    }

    std::size_t sent() { return of_both(&Program::Stream::sent); }
    std::size_t received() { return of_both(&Program::Stream::received); }

private:
    static constexpr std::size_t endless = SIZE_MAX / 2;

    static void carry(Engine& from, Program& to) {
        while (!from.unsent().empty()) {
            const std::size_t space = to.engine().receive_space().size();
            const Bytes bytes = from.unsent().first(std::min(space, from.unsent().size()));
            to.receive(bytes, start_time);
            from.sent(bytes.size());
            to.deliver(0, SIZE_MAX);
        }
    }

    std::size_t of_both(std::size_t Program::Stream::*count) {
        return world_.program(Role::client).stream(0).*count +
               world_.program(Role::server).stream(0).*count;
    }

    World world_;
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
