#include "common/forward/inbound_stream.hpp"

#include <new>
#include <optional>
#include <system_error>
#include <utility>

#include "common/net/address.hpp"

namespace culvert {
namespace {

/// From a connection that we accepted into a channel that we open.
class InboundStream final : public Stream {
public:
    InboundStream(Streams& streams, const Forward& forward, asio::ip::tcp::endpoint originator)
        : Stream{streams}, forward_{forward}, originator_{std::move(originator)} {}

    awaitable<RelayEnd> open(StreamSocket socket, Session& session) {
        return carry_with(std::move(socket), session).open(channel_for(forward_, originator_));
    }

    StreamBytes bytes() const noexcept override {
        if (!relay()) return {};
        return {.there = relay()->bytes_sent(), .back = relay()->bytes_received()};
    }
    std::string originator() const override { return to_string(originator_); }
    std::string target() const override { return leads_to(forward_); }
    const OpenFailure& failure() const noexcept { return relay()->failure(); }

private:
    const Forward& forward_;
    asio::ip::tcp::endpoint originator_;
};

// A coroutine for each stream, and no more: an idle one costs little but its frames.
awaitable<void> carry(Streams& streams, Session& session, Accepted accepted,
                      const Forward& forward) {
    InboundStream stream{streams, forward, accepted.remote};
    streams.on_opening(stream);
    // Not in the co_await: its temporaries would lie in the frame as long as the stream lives.
    std::optional<awaitable<RelayEnd>> carried;
    try {
        carried = stream.open(std::move(accepted).on(streams.executor()), session);
    } catch (const std::system_error& error) {
        // epoll has no room for the socket.
        streams.on_not_opened(stream, {{OpenFailureReason::resource_shortage, error.what()}, {}});
        co_return;
    }
    const RelayEnd end = co_await *std::move(carried);
    if (end == RelayEnd::refused) {
        streams.on_not_opened(stream, {stream.failure(), {}});
    } else {
        streams.on_over(stream, end);
    }
}

}  // namespace

void carry_inbound(Streams& streams, Session& session, Accepted accepted, const Forward& forward) {
    try {
        streams.tasks().spawn(carry(streams, session, std::move(accepted), forward));
    } catch (const std::bad_alloc&) {
        streams.on_gone();
        throw;
    }
}

}  // namespace culvert
