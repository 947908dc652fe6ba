// A key exchange may begin between any two messages, by either side or by both at once.
#include <doctest/doctest.h>

#include <deque>

#include "tests/unit/common/engine/random_schedule.hpp"

using namespace culvert;
using namespace culvert::test;

namespace {

/// A world in which one thing happens after the other, always in the same order. What an engine
/// writes at a time arrives in pieces: their seed says where it breaks, inside packets as well.
class Lockstep {
public:
    Lockstep(const Choice& choice, std::uint64_t seed)
        : dice_{seed},
          world_{{.client = with_small_windows(client_config(choice)),
                  .server = with_small_windows(server_config(choice)),
                  .streams = {{.size = {5'000, 2'000}},
                              {.size = {1, 3'000}, .reset_after = {std::nullopt, 1'500}},
                              {.size = {100, 0}},
                              {.refused = true}}}} {}

    World& world() noexcept { return world_; }

    /// False when nothing is left to happen.
    bool step() {
        for (std::size_t tried = 0; tried < actions; ++tried) {
            const std::size_t action = next_++ % actions;
            const Role role = action % 2 == 0 ? Role::client : Role::server;
            note_written(Role::client);
            note_written(Role::server);
            if (act(role, action / 2)) return true;
        }
        return false;
    }

private:
    static constexpr std::size_t actions = 10;
    /// A message may come in one piece, or in several.
    static constexpr std::size_t longest_piece = 600;

    static EngineConfig with_small_windows(EngineConfig config) {
        config.connection.receive_window.first = 1'500;
        return config;
    }

    bool act(Role role, std::size_t kind) {
        Program& here = world_.program(role);
        switch (kind) {
            case 0: {
                auto& pieces = pieces_from(role);
                if (pieces.empty()) return false;
                const std::size_t length = pieces.front();
                pieces.pop_front();
                return world_.carry(role, length) > 0;
            }
            case 1:
                if (!here.has_questions()) return false;
                here.answer(world_.now());
                return true;
            case 2:
                return here.open_next(world_.now());
            case 3:
                return here.send(700, world_.now());
            default:
                for (std::size_t i = 0; i < here.streams().size(); ++i) {
                    if (here.deliver(i, 1'000)) return true;
                }
                return false;
        }
    }

    void note_written(Role role) {
        std::size_t left = world_.transmit(role, SIZE_MAX);
        while (left > 0) {
            const std::size_t piece = dice_.roll(1, std::min(left, longest_piece));
            pieces_from(role).push_back(piece);
            left -= piece;
        }
    }
    std::deque<std::size_t>& pieces_from(Role role) {
        return pieces_[role == Role::client ? 0 : 1];
    }

    Dice dice_;
    World world_;
    std::size_t next_ = 0;
    std::array<std::deque<std::size_t>, 2> pieces_;
};

std::size_t steps_of(const Choice& choice, std::uint64_t seed) {
    Lockstep lockstep{choice, seed};
    std::size_t steps = 0;
    while (lockstep.step()) ++steps;
    REQUIRE(lockstep.world().is_finished());
    return steps;
}

/// Whether there was one, when `starters` begin an exchange after so many steps. Throws Broken if
/// anything goes wrong.
bool rekey_after(std::size_t steps, std::initializer_list<Role> starters, const Choice& choice,
                 std::uint64_t seed) {
    Lockstep lockstep{choice, seed};
    World& world = lockstep.world();
    for (std::size_t i = 0; i < steps; ++i) lockstep.step();
    unsigned expected = 0;  // before authentication there is nothing to begin
    for (const Role role : starters) {
        if (world.engine(role).authenticated()) expected = 1;
        world.engine(role).start_rekey(world.now());
    }
    while (lockstep.step()) continue;
    if (!world.is_finished()) throw Broken{"not finished"};
    world.check_streams();
    for (const Role role : {Role::client, Role::server}) {
        if (world.program(role).rekeys() != expected) throw Broken{"not as many exchanges"};
    }
    return expected == 1;
}

}  // namespace

TEST_CASE("a key exchange after each step of a session, by either side or both (RFC 4253 9)") {
    struct Row {
        std::string_view by;
        std::initializer_list<Role> starters;
    };
    std::uint64_t seed = 0;
    for (const Choice& choice : all_choices()) {
        CAPTURE(choice.cipher);
        CAPTURE(choice.compression);
        CAPTURE(++seed);
        const std::size_t steps = steps_of(choice, seed);
        CHECK(steps > 200);
        std::size_t rekeys = 0;
        for (const Row& row : {Row{"the client", {Role::client}}, Row{"the server", {Role::server}},
                               Row{"both", {Role::client, Role::server}}}) {
            CAPTURE(row.by);
            for (std::size_t after = 0; after <= steps; ++after) {
                CAPTURE(after);
                CHECK_NOTHROW(rekeys += rekey_after(after, row.starters, choice, seed));
            }
        }
        // At all of the steps but those of the login.
        CHECK(rekeys > 2 * steps);
    }
}
