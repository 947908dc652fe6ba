#pragma once

#include <optional>
#include <variant>

#include "common/forward/streams.hpp"

namespace culvert {

class UnansweredChannel;

/// A connected socket, or why there is none.
using Reached = std::variant<StreamSocket, Unreached>;

/// Who connects the channels that a peer asks for to their targets, and is told of the streams.
class OutboundOwner : public StreamOwner {
public:
    /// Asks whatever rules there are, and connects. The type outlives the answer.
    virtual awaitable<Reached> reach(const ChannelType& wanted) = 0;
};

/// The outbound end of a connection's forwards: channels that the peer asks for, each carried to
/// the target that its owner reaches.
class Outbound {
public:
    /// All must outlive it; the owner is that of the streams.
    Outbound(Session& session, Streams& streams, OutboundOwner& owner) noexcept
        : session_{session}, streams_{streams}, owner_{owner} {}

    /// Answers the request, now or later, and carries the stream.
    void carry(ChannelRequested request);

private:
    awaitable<void> carry_to_end(ChannelRequested request);
    awaitable<std::optional<StreamSocket>> reach(const ChannelType& wanted, const Stream& stream,
                                                 UnansweredChannel& unanswered);

    Session& session_;
    Streams& streams_;
    OutboundOwner& owner_;
};

}  // namespace culvert
