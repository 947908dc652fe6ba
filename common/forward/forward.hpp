#pragma once

#include <cstdint>
#include <string>
#include <variant>

#include <asio/ip/tcp.hpp>

#include "common/base/endpoint.hpp"
#include "common/wire/channel_types.hpp"

namespace culvert {

/// -L: what connects to `bind`:`port` here is carried to `target`, as seen from the peer.
struct LocalForward {
    std::string bind;        ///< empty: loopback, both families; "*": every address; else one
    std::uint16_t port = 0;  ///< 0: a free one
    Endpoint target;

    friend bool operator==(const LocalForward&, const LocalForward&) = default;
};

/// What was asked for: the kinds of forward that listen at our end.
using Forward = std::variant<LocalForward>;

/// Where it listens, as a user wrote it: `localhost` where nothing was written.
Endpoint listens_at(const Forward& forward);
/// Where it leads, for people.
std::string leads_to(const Forward& forward);
/// The channel that carries what connected to it.
ChannelType channel_for(const Forward& forward, const asio::ip::tcp::endpoint& originator);

/// Where a channel comes from and where it leads, as the peer says it, escaped.
std::string originator_of(const ChannelType& channel);
std::string target_of(const ChannelType& channel);

}  // namespace culvert
