#pragma once

#include <doctest/doctest.h>

#include <vector>

#include "common/connection/connection.hpp"
#include "tests/unit/common/connection/recording_sink.hpp"

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

/// A connection whose peer is the test.
struct LoneConnection {
    RecordingSink sent;
    Connection connection;
    TimePoint now{};

    explicit LoneConnection(const ConnectionConfig& config) : connection{config, sent} {}

    std::optional<ConnectionEvent> hears(Bytes payload) {
        return connection.on_packet(payload, {});
    }
    template <Message M>
    std::optional<ConnectionEvent> hears(const M& message) {
        return hears(Bytes{encoded(message)});
    }

    /// A channel that the peer opens as its number `remote`, and that we confirm.
    ChannelId accept(ChannelId remote = ChannelId{70}, std::uint32_t window = 50'000,
                     std::uint32_t maximum_packet = 10'000) {
        const ByteVector open =
            tcpip_open("direct-tcpip", remote, "target", 110, window, maximum_packet);
        const auto event = hears(open);
        REQUIRE(event);
        const ChannelId id = std::get<ChannelRequested>(*event).channel;
        connection.confirm_open(id);
        sent.take();
        return id;
    }
    /// A channel that we ask for, unanswered.
    ChannelId ask() {
        const auto id = connection.open(DirectTcpip{{"target", 110}, {"127.0.0.1", 5}}, now);
        REQUIRE(id);
        sent.take();
        return *id;
    }
    /// As accept(), the other way round.
    ChannelId open(ChannelId remote = ChannelId{70}) {
        const ChannelId id = ask();
        REQUIRE(hears(msg::ChannelOpenConfirmation{id, remote, 50'000, 10'000}));
        return id;
    }
};

}  // namespace culvert::test
