#pragma once

#include "tests/unit/common/engine/program.hpp"

namespace culvert::test {

/// Bytes on their way from one end to the other. It remembers all that it has carried, and in which
/// pieces.
class Pipe {
public:
    std::size_t size() const noexcept { return bytes_.size() - taken_; }
    void put(Bytes bytes) { append(bytes_, bytes); }
    /// The oldest `length` bytes; valid until the next put().
    Bytes take(std::size_t length) {
        pieces_.push_back(length);
        taken_ += length;
        return Bytes{bytes_}.subspan(taken_ - length, length);
    }

    const ByteVector& all() const noexcept { return bytes_; }
    const std::vector<std::size_t>& pieces() const noexcept { return pieces_; }

private:
    ByteVector bytes_;
    std::size_t taken_ = 0;
    std::vector<std::size_t> pieces_;
};

/// What a world is made of.
struct Scene {
    EngineConfig client = client_config();
    EngineConfig server = server_config();
    std::vector<StreamPlan> streams{};
    Program::Keys client_keys{user_key()};
    std::uint32_t random_seed = 1;
};

/// A client and a server, the pipes between them, and a clock. Nothing moves by itself: a schedule
/// says what happens next.
class World {
public:
    explicit World(Scene scene)
        : streams_{std::move(scene.streams)},
          client_random_{scene.random_seed},
          server_random_{scene.random_seed + 1},
          client_{std::move(scene.client), streams_, std::move(scene.client_keys), client_random_},
          server_{std::move(scene.server), streams_, {}, server_random_} {}

    Program& program(Role role) noexcept { return role == Role::client ? client_ : server_; }
    Engine& engine(Role role) noexcept { return program(role).engine(); }
    Pipe& pipe_from(Role role) noexcept { return pipes_[role == Role::client ? 0 : 1]; }
    TimePoint now() const noexcept { return now_; }

    /// Moves at most `limit` bytes of the engine's output into its pipe.
    std::size_t transmit(Role from, std::size_t limit) {
        const Bytes unsent = engine(from).unsent();
        const Bytes bytes = unsent.first(std::min(limit, unsent.size()));
        pipe_from(from).put(bytes);
        engine(from).sent(bytes.size());
        return bytes.size();
    }

    /// Moves at most `limit` bytes out of a pipe into the engine at its end.
    std::size_t carry(Role from, std::size_t limit) {
        Pipe& pipe = pipe_from(from);
        const std::size_t length = std::min(limit, pipe.size());
        if (length > 0) program(other(from)).receive(pipe.take(length), now_);
        return length;
    }

    /// Time goes on, and the engines are told where they asked for it.
    void pass(Duration time) {
        now_ += time;
        for (const Role role : {Role::client, Role::server}) {
            const auto deadline = engine(role).next_deadline();
            if (!deadline || now_ < *deadline) continue;
            engine(role).on_time(now_);
            program(role).check();
        }
    }

    /// Each program does what there is to do, and the other hears all of it. False when nothing
    /// was said.
    bool exchange() {
        bool said = false;
        for (const Role role : {Role::client, Role::server}) {
            program(role).work(now_);
            transmit(role, SIZE_MAX);
            if (carry(role, SIZE_MAX) > 0) said = true;
        }
        return said;
    }

    /// Everything that can happen without time passing has happened.
    void settle() {
        while (exchange()) continue;
    }

    /// Every stream has come to its end on both sides, and nothing is left of it.
    bool is_finished() {
        return client_.is_finished() && server_.is_finished() && client_.engine().channels() == 0 &&
               server_.engine().channels() == 0;
    }

    /// Throws Broken unless every stream ended as its plan says.
    void check_streams() {
        for (std::size_t i = 0; i < streams_.size(); ++i) {
            check_end(i, Role::client);
            check_end(i, Role::server);
        }
    }

    static Role other(Role role) noexcept {
        return role == Role::client ? Role::server : Role::client;
    }

private:
    void check_end(std::size_t index, Role role) {
        using End = Program::End;
        const StreamPlan& plan = streams_[index];
        const Program::Stream& stream = program(role).streams()[index];
        const std::size_t here = role == Role::client ? 0 : 1;
        const auto expect = [&](bool holds, std::string_view what) {
            if (!holds) {
                throw Broken{fmt::format("stream {} at the {}: {} (end {}, received {})", index,
                                         role == Role::client ? "client" : "server", what,
                                         static_cast<int>(stream.end), stream.received)};
            }
        };
        if (plan.refused || plan.abandoned) {
            const End at_client = plan.abandoned ? End::abandoned : End::refused;
            if (role == Role::client) expect(stream.end == at_client, "not refused as planned");
            return;
        }
        const bool reset_here = plan.reset_after[here].has_value();
        const bool reset_there = plan.reset_after[1 - here].has_value();
        if (!reset_here && !reset_there) {
            expect(stream.end == End::clean && stream.eof_received, "no clean end");
            expect(stream.received == plan.size[1 - here], "not everything arrived");
        } else {
            expect((reset_here && stream.end == End::reset_here) ||
                       (reset_there && stream.end == End::reset_there),
                   "a reset was lost, or came from nowhere");
        }
    }

    std::vector<StreamPlan> streams_;
    SeededRandom client_random_;
    SeededRandom server_random_;
    TimePoint now_ = start_time;
    std::array<Pipe, 2> pipes_;
    Program client_;
    Program server_;
};

}  // namespace culvert::test
