#pragma once

#include "tests/unit/common/engine/world.hpp"

namespace culvert::test {

/// A whole session between two engines whose random numbers are known, to be played again to one of
/// them with damage done: login, a stream each way, new keys, more data, the end of the streams.
class RecordedSession {
public:
    explicit RecordedSession(const Choice& choice) : choice_{choice} {
        World world{scene()};
        while (!world.engine(Role::client).authenticated()) world.exchange();
        for (int i = 0; i < 2; ++i) world.exchange();
        world.engine(Role::client).start_rekey(world.now());
        world.settle();
        if (!world.is_finished() || world.program(Role::server).rekeys() != 1) {
            throw Broken{"the session to record has failed"};
        }
        world.check_streams();
        for (const Role role : {Role::client, Role::server}) {
            recorded_[index(role)] = {world.pipe_from(role).all(), world.pipe_from(role).pieces()};
        }
    }

    const ByteVector& bytes_from(Role role) const { return recorded_[index(role)].bytes; }

    /// One side of the session again; the other's part is played to it.
    class Replay {
    public:
        Replay(const RecordedSession& session, Role role)
            : session_{session},
              role_{role},
              scene_{session.scene()},
              random_{seed(role)},
              program_{role == Role::client ? std::move(scene_.client) : std::move(scene_.server),
                       scene_.streams, scene_.client_keys, random_} {}

        Program& program() noexcept { return program_; }
        Engine& engine() noexcept { return program_.engine(); }

        /// Plays these bytes in the pieces in which they were once received, and what is left of
        /// them at once. The program does its part in between.
        void play(Bytes bytes) {
            program_.work(start_time);
            for (const std::size_t piece : session_.recorded_[index(World::other(role_))].pieces) {
                if (bytes.empty()) return;
                const Bytes now = bytes.first(std::min(piece, bytes.size()));
                bytes = bytes.subspan(now.size());
                program_.receive(now, start_time);
                program_.work(start_time);
                send();
            }
            program_.receive(bytes, start_time);
        }

        /// All that its engine has said.
        const ByteVector& said() {
            send();
            return said_;
        }

        bool is_finished() {
            return program_.is_finished() && engine().channels() == 0 && program_.rekeys() == 1;
        }

        /// Nothing more comes. Throws what the engine throws when it gives the peer up, and Broken
        /// if that takes longer.
        [[noreturn]] void wait_for_end(Duration longest) {
            for (;;) {
                const auto deadline = engine().next_deadline();
                if (!deadline) throw Broken{"it would wait for ever"};
                if (*deadline - start_time > longest) throw Broken{"it would wait for too long"};
                engine().on_time(*deadline);
            }
        }

    private:
        void send() {
            const Bytes unsent = engine().unsent();
            append(said_, unsent);
            engine().sent(unsent.size());
        }

        const RecordedSession& session_;
        Role role_;
        Scene scene_;
        SeededRandom random_;
        Program program_;
        ByteVector said_;
    };

private:
    static constexpr std::uint32_t random_seed = 100;

    struct Recorded {
        ByteVector bytes;
        std::vector<std::size_t> pieces;
    };

    static std::size_t index(Role role) noexcept { return role == Role::client ? 0 : 1; }
    static std::uint32_t seed(Role role) noexcept {
        return random_seed + (role == Role::client ? 0 : 1);
    }

    Scene scene() const {
        Scene scene{.client = client_config(choice_),
                    .server = server_config(choice_),
                    .streams = {{.size = {20, 40}}},
                    .random_seed = random_seed};
        // So that it takes some messages.
        scene.client.connection.receive_window = scene.server.connection.receive_window = {16, 16};
        return scene;
    }

    Choice choice_;
    std::array<Recorded, 2> recorded_;
};

}  // namespace culvert::test
