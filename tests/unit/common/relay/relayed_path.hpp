#pragma once

#include <optional>
#include <string>
#include <tuple>
#include <utility>

#include <doctest/doctest.h>
#include <asio/post.hpp>

#include "common/relay/relay.hpp"
#include "tests/unit/common/relay/connected.hpp"
#include "tests/unit/common/session/session_pair.hpp"

namespace culvert::test {

/// program <-> relay <-> channel <-> relay <-> service
class RelayedPath {
public:
    explicit RelayedPath(SessionPair& sessions)
        : pair{sessions},
          tasks{sessions.context.get_executor(),
                [](const std::exception_ptr& thrown) { FAIL_CHECK(text_of_exception(thrown)); }} {
        std::tie(program, near_) = make();
        std::tie(service, far_) = make();
        pair.server_owner.requested = [this](ChannelRequested request) {
            if (refuses) {
                pair.server->refuse(request.channel,
                                    {OpenFailureReason::connect_failed, "connection refused"});
            } else {
                tasks.spawn(run_far(request.channel));
            }
        };
    }

    void shrink_near_buffer() { near_.set_option(TcpSocket::send_buffer_size{16 * 1024}); }

    /// Opens the path, runs the test, and waits for the relays' ends.
    awaitable<void> run(awaitable<void> test) {
        co_await pair.client_owner.ready.wait();
        tasks.spawn(run_near());
        std::exception_ptr failure;
        try {
            co_await std::move(test);
        } catch (...) {
            failure = std::current_exception();
        }
        if (failure) std::rethrow_exception(failure);
        if (!near_end) co_await near_over_.wait();
        if (!refuses && !far_end) co_await far_over_.wait();
        co_await tasks.join();
    }

    SessionPair& pair;
    TcpSocket program{pair.context};
    TcpSocket service{pair.context};
    bool refuses = false;
    Duration tail_time = std::chrono::hours{1};
    std::optional<RelayEnd> near_end;
    std::optional<RelayEnd> far_end;
    std::string refusal;
    Relay* near_relay = nullptr;  ///< as long as it lives
    Relay* far_relay = nullptr;

private:
    std::pair<TcpSocket, TcpSocket> make() { return connected(pair.context); }

    awaitable<void> run_near() {
        Relay relay{std::move(near_), *pair.client, tasks, tail_time};
        near_relay = &relay;
        const ChannelType type = DirectTcpip{target, originator};
        near_end = co_await relay.open(type);
        near_relay = nullptr;
        refusal = relay.failure().description;
        near_over_.set();
    }
    awaitable<void> run_far(ChannelId channel) {
        Relay relay{std::move(far_), *pair.server, tasks};
        far_relay = &relay;
        far_end = co_await relay.accept(channel);
        far_relay = nullptr;
        far_over_.set();
    }

    TcpSocket near_{pair.context};
    TcpSocket far_{pair.context};
    Event near_over_;
    Event far_over_;

public:
    TaskGroup tasks;
};

using RelayTest = awaitable<void> (*)(RelayedPath& path);

inline RelayedPath& run(SessionPair& pair, std::optional<RelayedPath>& path, RelayTest test) {
    path.emplace(pair);
    pair.run(path->run(test(*path)));
    return *path;
}

/// A peer at the server's end of a path that has no far relay.
inline void answer_with(std::optional<RelayedPath>& path, MemoryStream& far) {
    SessionPair& pair = path->pair;
    pair.server_owner.requested = [&](ChannelRequested request) {
        far.session = &*pair.server;
        far.channel = request.channel;
        pair.server->accept(request.channel, far);
        pair.server->set_readable(request.channel);
    };
    path->refuses = true;
}

inline awaitable<void> until_no_channels(const Session& session) {
    while (session.channels() > 0) co_await asio::post(use_awaitable);
}

}  // namespace culvert::test
