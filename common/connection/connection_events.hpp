#pragma once

#include <cstdint>
#include <string>
#include <variant>

#include "common/connection/channel.hpp"
#include "common/connection/global_requests.hpp"
#include "common/wire/channel_types.hpp"

namespace culvert {

/// Why a channel wasn't opened (RFC 4254 5.1).
struct OpenFailure {
    OpenFailureReason reason = OpenFailureReason::connect_failed;
    std::string description;  ///< of the peer: not escaped
};

/// For a message: the reason, and what the peer says of it, escaped.
std::string describe(const OpenFailure& failure);

/// The peer asks for a channel of a type that it may ask for. The owner answers with confirm_open
/// or refuse_open, now or later.
struct ChannelRequested {
    ChannelId channel;
    ChannelType type;
};

/// A channel that we asked for is open.
struct ChannelOpened {
    ChannelId channel;
};

/// A channel that we asked for isn't; its id is free.
struct ChannelRefused {
    ChannelId channel;
    OpenFailure failure;
};

struct ChannelDataReceived {
    ChannelId channel;
    Bytes data;  ///< lives as long as the packet's payload
};

/// No more data will come; the other direction goes on (RFC 4254 5.3).
struct ChannelEofReceived {
    ChannelId channel;
};

/// The channel is over in both directions and its id is free.
struct ChannelClosed {
    ChannelId channel;
    ChannelEnd end;
};

/// The peer asked for something that is refused whatever it says: a shell.
struct RequestDenied {
    std::string what;  ///< of the peer: not escaped
};

using ConnectionEvent =
    std::variant<ChannelRequested, ChannelOpened, ChannelRefused, ChannelDataReceived,
                 ChannelEofReceived, ChannelClosed, RequestDenied, ForwardRequested,
                 ForwardAnswered>;

}  // namespace culvert
