#pragma once

#include <string>
#include <variant>

#include "common/connection/global_requests.hpp"
#include "common/wire/channel_types.hpp"
#include "common/wire/connection_messages.hpp"

namespace culvert {

/// The peer asks for a channel of a type that it may ask for. To be accepted or refused, now or
/// later.
struct ChannelRequested {
    ChannelId channel;
    ChannelType type;
};

/// The peer asked for something that is refused whatever it says: a shell.
struct RequestDenied {
    std::string what;  ///< of the peer: not escaped
};

/// What the owner of a connection must know. All else is told to the users of its channels.
using ConnectionEvent =
    std::variant<ChannelRequested, RequestDenied, ForwardRequested, ForwardAnswered>;

}  // namespace culvert
