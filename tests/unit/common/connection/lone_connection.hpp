#pragma once

#include <doctest/doctest.h>

#include <map>
#include <vector>

#include "common/connection/connection.hpp"
#include "tests/unit/common/connection/recording_sink.hpp"
#include "tests/unit/common/connection/recording_user.hpp"

namespace culvert::test {

inline ConnectionConfig of_server() {
    ConnectionConfig config;
    config.accepts.set(place_of<DirectTcpip>);
    config.receive_window = {100'000, 100'000};
    return config;
}

inline ConnectionConfig of_client() {
    ConnectionConfig config = of_server();
    config.accepts.reset();
    return config;
}

/// A CHANNEL_OPEN for a TCP connection (RFC 4254 7.2).
inline ByteVector tcpip_open(std::string_view type, ChannelId sender, std::string_view host,
                             std::uint32_t port, std::uint32_t window = 50'000,
                             std::uint32_t maximum_packet = 10'000) {
    ByteVector payload = encoded(msg::ChannelOpen{type, sender, window, maximum_packet});
    encode_fields(msg::TcpipChannel{host, port, "10.0.0.9", 40'000}, payload);
    return payload;
}

inline const ChannelType target{DirectTcpip{{"target", 110}, {"127.0.0.1", 5}}};

/// A connection whose peer is the test.
struct LoneConnection {
    using Happened = OrTold<ConnectionEvent>;

    RecordingSink sent;
    std::vector<Told> told;  ///< to users, since the last take_told()
    std::map<ChannelId, RecordingUser> users;
    Connection connection;
    TimePoint now{};

    explicit LoneConnection(const ConnectionConfig& config) : connection{config, sent} {}

    /// What comes of it, which is one thing at most: data are handed over at once.
    std::optional<Happened> hears(Bytes payload) {
        std::optional<Happened> happened;
        const auto put = [&](auto&& each) {
            REQUIRE_FALSE(happened);
            happened = std::move(each);
        };
        auto event = connection.on_packet(payload, {});
        connection.hand_over({});
        if (event) std::visit(put, *std::move(event));
        for (Told& each : take_told()) std::visit(put, std::move(each));
        return happened;
    }
    template <Message M>
    std::optional<Happened> hears(const M& message) {
        return hears(Bytes{encoded(message)});
    }
    std::vector<Told> take_told() { return std::exchange(told, {}); }
    /// Who is told that time is over.
    std::vector<Told> passes(TimePoint until) {
        connection.on_time(until);
        return take_told();
    }

    /// For a channel that is about to be.
    RecordingUser& user_of(ChannelId id) {
        users.erase(id);
        const auto record = [this](Told what) { told.push_back(std::move(what)); };
        return users.try_emplace(id, record, id).first->second;
    }

    /// A channel that the peer opens as its number `remote`, and that we accept.
    ChannelId accept(ChannelId remote = ChannelId{70}, std::uint32_t window = 50'000,
                     std::uint32_t maximum_packet = 10'000) {
        const ByteVector open =
            tcpip_open("direct-tcpip", remote, "target", 110, window, maximum_packet);
        const auto event = hears(open);
        REQUIRE(event);
        const ChannelId id = std::get<ChannelRequested>(*event).channel;
        connection.accept(id, user_of(id));
        sent.take();
        return id;
    }
    /// A channel that we ask for, unanswered.
    ChannelId ask() {
        const ChannelId next = connection.next_channel();
        REQUIRE(connection.open(target, user_of(next), now) == next);
        sent.take();
        return next;
    }
    /// As accept(), the other way round.
    ChannelId open(ChannelId remote = ChannelId{70}) {
        const ChannelId id = ask();
        REQUIRE(hears(msg::ChannelOpenConfirmation{id, remote, 50'000, 10'000}));
        return id;
    }

    /// This channel's user, whose turn it must be once it has something to say, is read.
    void take_turn(ChannelId id, const ChannelRead& read) {
        connection.set_readable(id);
        const auto turn = connection.next_turn();
        REQUIRE(turn);
        REQUIRE(turn->channel.local() == id);
        connection.on_turn_over(turn->channel, read, now);
    }
    void send_eof(ChannelId id) { take_turn(id, {.then = ChannelRead::Then::eof}); }
};

}  // namespace culvert::test
