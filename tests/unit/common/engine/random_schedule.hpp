#pragma once

#include <bit>
#include <numeric>

#include "tests/unit/common/engine/world.hpp"

namespace culvert::test {

/// The same numbers for the same seed (SplitMix64).
class Dice {
public:
    using result_type = std::uint64_t;

    explicit Dice(std::uint64_t seed) noexcept : state_{seed} {}

    static constexpr result_type min() noexcept { return 0; }
    static constexpr result_type max() noexcept { return UINT64_MAX; }
    result_type operator()() noexcept {
        std::uint64_t mixed = state_ += 0x9e37'79b9'7f4a'7c15;
        mixed = (mixed ^ (mixed >> 30)) * 0xbf58'476d'1ce4'e5b9;
        mixed = (mixed ^ (mixed >> 27)) * 0x94d0'49bb'1331'11eb;
        return mixed ^ (mixed >> 31);
    }

    std::size_t roll(std::size_t least, std::size_t most) noexcept {
        return least + (*this)() % (most - least + 1);
    }
    /// One time in so many; never for 0.
    bool one_in(std::size_t times) noexcept { return times != 0 && (*this)() % times == 0; }
    template <class T>
    T pick(std::initializer_list<T> from) noexcept {
        return from.begin()[roll(0, from.size() - 1)];
    }
    /// At most `most`, and as often small as large.
    std::size_t magnitude(std::size_t most) noexcept {
        const std::size_t bits = roll(0, static_cast<std::size_t>(std::bit_width(most)));
        return std::min(roll(0, (std::size_t{1} << bits) - 1), most);
    }

private:
    std::uint64_t state_;
};

/// A world whose streams, settings and course all come from one number: bytes are chopped, delayed
/// and interleaved, windows run dry, keys are exchanged anew, streams end in every way.
class RandomSchedule {
public:
    explicit RandomSchedule(std::uint64_t seed) : dice_{seed}, world_{make_scene()} {
        for (std::size_t& weight : weights_) weight = dice_.pick<std::size_t>({1, 3, 10});
        steps_a_rekey_ = dice_.pick<std::size_t>({0, 100, 2000});
    }

    /// Throws Broken, or whatever an engine throws, if anything isn't as it must be.
    void run() {
        unsigned idle_steps = 0;
        while (!world_.is_finished()) {
            change_mood();
            for (int i = 0; i < 20; ++i) {
                idle_steps = step() ? 0 : idle_steps + 1;
            }
            if (idle_steps > most_idle_steps) throw Broken{"nothing moves any more"};
            world_.pass(std::chrono::microseconds{dice_.roll(0, 400)});
        }
        world_.check_streams();
        end(one_of_both());
    }

    /// Key exchanges that both sides have ended.
    unsigned rekeys() { return world_.program(Role::client).rekeys(); }

private:
    // Each step is as likely as one in a hundred at least: this is for ever.
    static constexpr unsigned most_idle_steps = 5000;
    static constexpr unsigned most_rekeys = 40;

    Role one_of_both() { return dice_.one_in(2) ? Role::client : Role::server; }

    // ---- the scene
    Scene make_scene() {
        Scene scene;
        scene.random_seed = static_cast<std::uint32_t>(dice_.roll(0, UINT32_MAX - 1));
        scene.client.transport.algorithms = make_algorithms();
        scene.server.transport.algorithms = make_algorithms();
        choose_identities(scene);
        std::size_t smallest_window = SIZE_MAX;
        for (EngineConfig* const config : {&scene.client, &scene.server}) {
            const std::size_t window = 1 + dice_.magnitude(1 << 20);
            config->connection.receive_window = {static_cast<std::uint32_t>(window),
                                                 static_cast<std::uint32_t>(4 * window)};
            if (dice_.one_in(3)) config->transport.rekey.bytes = 16'384 + dice_.magnitude(1 << 20);
            smallest_window = std::min(smallest_window, window);
        }
        // Small windows take many messages for few bytes.
        const std::size_t most_bytes = std::min<std::size_t>(300'000, smallest_window * 500);
        const std::size_t count = dice_.roll(1, 12);
        if (dice_.one_in(3)) {
            scene.client.connection.channel_limit = scene.server.connection.channel_limit =
                dice_.roll(1, count);
        }
        for (std::size_t i = 0; i < count; ++i) scene.streams.push_back(make_plan(most_bytes));
        return scene;
    }

    Algorithms make_algorithms() {
        Algorithms algorithms;
        algorithms.ciphers = default_ciphers();
        algorithms.compression = {std::string{delayed_zstd}, std::string{delayed_zlib},
                                  std::string{no_compression}};
        for (NameList* const list : {&algorithms.ciphers, &algorithms.compression}) {
            std::ranges::shuffle(*list, dice_);
        }
        // A first choice that differs makes the client's guess wrong.
        if (dice_.one_in(3)) std::ranges::reverse(algorithms.kex);
        return algorithms;
    }

    void choose_identities(Scene& scene) {
        ClientIdentities& identities = scene.client.identities;
        if (dice_.one_in(2)) return;
        scene.client_keys = {stranger_key(), user_key(), make_key(4)};
        std::ranges::shuffle(scene.client_keys, dice_);
        identities.keys.clear();
        for (const auto& key : scene.client_keys) {
            if (key == user_key() && dice_.one_in(3))
                identities.optimistic = identities.keys.size();
            identities.keys.push_back(key->public_key());
        }
    }

    StreamPlan make_plan(std::size_t most_bytes) {
        StreamPlan plan{.size = {dice_.magnitude(most_bytes), dice_.magnitude(most_bytes)}};
        if (dice_.one_in(10)) {
            plan.refused = true;
        } else if (dice_.one_in(10)) {
            plan.abandoned = true;
        }
        for (std::size_t i = 0; i < 2; ++i) {
            if (dice_.one_in(7)) plan.reset_after[i] = dice_.roll(0, plan.size[i]);
        }
        return plan;
    }

    // ---- the course
    void change_mood() {
        if (!dice_.one_in(10)) return;
        for (std::size_t& chunk : chunks_) {
            chunk = dice_.pick<std::size_t>({1, 20, 400, 8'000, 1 << 20});
        }
    }

    /// One of the kinds of steps, the heavier the likelier.
    std::size_t weighed() {
        std::size_t at = dice_.roll(1, std::accumulate(weights_.begin(), weights_.end(), 0UL));
        std::size_t which = 0;
        while (at > weights_[which]) at -= weights_[which++];
        return which;
    }

    bool step() {
        if (dice_.one_in(steps_a_rekey_) && rekeys_ < most_rekeys) {
            ++rekeys_;
            world_.engine(one_of_both()).start_rekey(world_.now());
        }
        const Role role = one_of_both();
        Program& here = world_.program(role);
        switch (weighed()) {
            case 0:
                return world_.transmit(role, dice_.roll(1, chunks_[0])) > 0;
            case 1:
                return world_.carry(role, dice_.roll(1, chunks_[role == Role::client ? 1 : 2])) > 0;
            case 2:
                // As a session does: no more than so much lies ready to be sent.
                return here.engine().unsent().size() < output_target &&
                       here.send(dice_.roll(1, chunks_[3]), world_.now());
            case 3:
                if (!here.has_questions()) return false;
                here.answer(world_.now());
                return true;
            case 4:
                return here.open_next(world_.now());
            default:
                if (dice_.one_in(100)) here.engine().release_buffers();
                return deliver(here);
        }
    }

    bool deliver(Program& here) {
        const std::size_t count = here.streams().size();
        const std::size_t first = dice_.roll(0, count - 1);
        for (std::size_t i = 0; i < count; ++i) {
            if (here.deliver((first + i) % count, dice_.roll(1, chunks_[4]))) return true;
        }
        return false;
    }

    /// A key exchange that is going on comes to its end; one side leaves, the other hears of it.
    void end(Role role) {
        world_.settle();
        if (world_.program(Role::client).rekeys() != world_.program(Role::server).rekeys()) {
            throw Broken{"a key exchange ended on one side only"};
        }
        world_.engine(role).end(DisconnectReason::by_application, "done");
        while (world_.transmit(role, SIZE_MAX) + world_.carry(role, SIZE_MAX) > 0) continue;
        const auto& heard = world_.program(World::other(role)).peer_disconnected();
        if (!heard || heard->description != "done") throw Broken{"the end wasn't heard"};
    }

    static constexpr std::size_t output_target = 64 * 1024;

    Dice dice_;
    World world_;
    std::array<std::size_t, 6> weights_{};
    std::array<std::size_t, 5> chunks_{1, 1, 1, 1, 1};
    std::size_t steps_a_rekey_ = 0;
    unsigned rekeys_ = 0;
};

}  // namespace culvert::test
