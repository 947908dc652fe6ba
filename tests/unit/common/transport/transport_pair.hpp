#pragma once

#include <algorithm>
#include <limits>
#include <vector>

#include "tests/unit/common/transport/transport_config.hpp"

namespace culvert::test {

/// A transport, and what it told its owner, who takes every host key and signs with ours.
struct TransportEnd {
    SeededRandom random;
    Transport transport;
    std::vector<ByteVector> payloads;
    std::vector<PublicKey> host_keys;
    std::size_t signatures = 0;
    std::size_t rekeys = 0;
    std::vector<PeerDisconnected> disconnects;

    TransportEnd(TransportConfig config, std::uint32_t seed, TimePoint now)
        : random{seed}, transport{std::move(config), random} {
        transport.start(now);
    }

    void poll(TimePoint now) {
        while (auto event = transport.poll(now)) {
            if (const auto* packet = std::get_if<PacketReceived>(&*event)) {
                payloads.emplace_back(packet->payload.begin(), packet->payload.end());
            } else if (const auto* offered = std::get_if<HostKeyOffered>(&*event)) {
                host_keys.push_back(offered->key);
                transport.accept_host_key();
            } else if (sign_as_host(transport, *event, *host_key(), now)) {
                ++signatures;
            } else if (std::holds_alternative<Rekeyed>(*event)) {
                ++rekeys;
            } else if (!std::holds_alternative<YieldDue>(*event)) {
                disconnects.push_back(std::get<PeerDisconnected>(*event));
            }
        }
    }
};

/// A client and a server talking in memory.
struct TransportPair {
    TimePoint now{};
    TransportEnd client;
    TransportEnd server;

    explicit TransportPair(TransportConfig of_client = transport_config(Role::client),
                           TransportConfig of_server = transport_config(Role::server))
        : client{std::move(of_client), 1, now}, server{std::move(of_server), 2, now} {}

    /// Moves what both have to send, `chunk` bytes at a time, until nobody has anything left.
    void run(std::size_t chunk = std::numeric_limits<std::size_t>::max()) {
        do {
            pass(client, server, chunk);
            pass(server, client, chunk);
        } while (!client.transport.output().empty() || !server.transport.output().empty());
    }

    void pass(TransportEnd& from, TransportEnd& to, std::size_t chunk) {
        while (!from.transport.output().empty()) {
            const Bytes unsent = from.transport.output().unsent();
            const std::size_t length = std::min(chunk, unsent.size());
            to.transport.input().append(unsent.first(length));
            from.transport.output().sent(length);
            to.poll(now);
        }
    }

    /// The handshake, and the user's authentication as far as the transport has a part in it.
    void establish() {
        run();
        server.transport.on_authenticated(now);
        client.transport.on_authenticated(now);
    }
};

}  // namespace culvert::test
