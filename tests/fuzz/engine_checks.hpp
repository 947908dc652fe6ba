#pragma once

#include "common/wire/protocol_error.hpp"
#include "tests/fuzz/fuzz_input.hpp"
#include "tests/unit/common/engine/configs.hpp"

namespace culvert::fuzz {

/// Of the engines' random numbers: what is recorded for a corpus fits them.
inline constexpr std::uint32_t client_seed = 1;
inline constexpr std::uint32_t server_seed = 2;

/// What one look at the input may add to the replies that wait before it is noticed: the answers to
/// 64 KiB of the smallest packets.
inline constexpr std::size_t reply_slack = 256 * 1024;

inline void check_output(Engine& engine) {
    const std::size_t waiting = engine.unsent().size() + engine.transport().held_bytes();
    require(waiting <= Engine::reply_limit + reply_slack, "the output is bounded");
}

/// The bytes arrive in pieces, and `on_event` hears everything that the engine has to tell.
inline void receive(Engine& engine, Bytes bytes, std::size_t piece, const auto& on_event) {
    std::size_t events = 0;
    const std::size_t most_events = bytes.size() / 16 + 64;  // no packet is shorter
    while (!bytes.empty()) {
        const MutableBytes space = engine.receive_space();
        require(!space.empty(), "there is always room to receive");
        require(space.size() <= 2 * 1024 * 1024, "the input buffer is bounded");
        const Bytes now = bytes.first(std::min({piece, bytes.size(), space.size()}));
        bytes = bytes.subspan(now.size());
        std::ranges::copy(now, space.begin());
        engine.received(now.size(), test::start_time);
        while (auto event = engine.poll(test::start_time)) {
            require(++events <= most_events, "events come to an end");
            on_event(std::move(*event));
        }
        check_output(engine);
    }
}

/// A connection that nobody brings further ends by itself, and is ended by its closing.
inline void check_end(Engine& engine) {
    require(engine.peer_gone(Gone::closed).kind() == ErrorKind::network,
            "a closed connection is the network's doing");
    for (int i = 0; i < 100; ++i) {
        const auto deadline = engine.next_deadline();
        require(deadline.has_value(), "there is always a deadline");
        require(*deadline <= test::start_time + std::chrono::minutes{2}, "and it isn't far away");
        try {
            engine.on_time(*deadline);
        } catch (const Error&) {
            return;
        }
    }
    require(false, "a silent peer is given up");
}

}  // namespace culvert::fuzz
