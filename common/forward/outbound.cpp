#include "common/forward/outbound.hpp"

#include <new>
#include <utility>

#include "common/forward/forward.hpp"
#include "common/forward/unanswered_channel.hpp"

namespace culvert {
namespace {

/// From a channel that the peer opens to a target that we connect to.
class OutboundStream final : public Stream {
public:
    OutboundStream(Streams& streams, const ChannelType& type) noexcept
        : Stream{streams}, type_{type} {}

    awaitable<RelayEnd> accept(StreamSocket socket, Session& session, ChannelId channel) {
        return carry_with(std::move(socket), session).accept(channel);
    }

    StreamBytes bytes() const noexcept override {
        if (!relay()) return {};
        return {.there = relay()->bytes_received(), .back = relay()->bytes_sent()};
    }
    std::string originator() const override { return originator_of(type_); }
    std::string target() const override { return target_of(type_); }

private:
    const ChannelType& type_;  ///< of the request, in the frame that the stream lies in
};

}  // namespace

void Outbound::carry(ChannelRequested request) {
    const ChannelId channel = request.channel;
    streams_.expect();
    try {
        streams_.tasks().spawn(carry_to_end(std::move(request)));
    } catch (const std::bad_alloc&) {
        streams_.on_gone();
        session_.refuse(channel, {OpenFailureReason::resource_shortage, {}});
    }
}

// A coroutine for each stream, and no more: an idle one costs little but its frames.
awaitable<void> Outbound::carry_to_end(ChannelRequested request) {
    OutboundStream stream{streams_, request.type};
    UnansweredChannel unanswered{session_, request.channel};
    streams_.on_opening(stream);
    auto socket = co_await reach(request.type, stream, unanswered);
    if (!socket) co_return;
    auto accepted = stream.accept(*std::move(socket), session_, request.channel);
    unanswered.answered();
    const RelayEnd end = co_await std::move(accepted);
    streams_.on_over(stream, end);
}

/// The socket that reached the target; without one the channel is refused.
awaitable<std::optional<StreamSocket>> Outbound::reach(const ChannelType& wanted,
                                                       const Stream& stream,
                                                       UnansweredChannel& unanswered) {
    auto reached = co_await owner_.reach(wanted);
    if (!session_.running()) co_return std::nullopt;
    if (stream.told_to_end()) {
        reached = Unreached{{OpenFailureReason::connect_failed, "ended as asked"}, {}};
    }
    if (auto* const socket = std::get_if<StreamSocket>(&reached)) co_return std::move(*socket);
    const auto& why = std::get<Unreached>(reached);
    unanswered.refuse(why.failure);
    streams_.on_not_opened(stream, why);
    co_return std::nullopt;
}

}  // namespace culvert
