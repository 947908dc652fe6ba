#include <fmt/format.h>
#include <asio/dispatch.hpp>

#include "client/client_connection.hpp"
#include "common/base/memory_reserve.hpp"
#include "common/log/log.hpp"
#include "common/relay/relay.hpp"

namespace culvert {
namespace {

/// OpenSSH says no more than "open failed".
std::string_view where_to_look(const OpenFailure& failure) {
    if (failure.reason != OpenFailureReason::administratively_prohibited) return "";
    return "check the server's rules: permitopen and port-forwarding of the key, sshd's "
           "AllowTcpForwarding and PermitOpen, culvertd's permit_open";
}

}  // namespace

void ClientConnection::carry(LocalConnection connection) {
    open_streams_.fetch_add(1, std::memory_order_relaxed);
    asio::dispatch(executor(), [this, connection = std::move(connection)]() mutable {
        take(std::move(connection));
    });
}

void ClientConnection::take(LocalConnection connection) {
    if (!ready()) {
        // What was ready when it was chosen may be gone by now: then another one will do.
        on_stream_over();
        tell([this, connection = std::move(connection)]() mutable {
            context_.owner.on_not_carried(index_, std::move(connection));
        });
        return;
    }
    const auto peer = connection.accepted.remote;
    try {
        auto socket = std::move(connection.accepted).on(executor());
        streams_.spawn(carry_here(std::move(socket), peer, *connection.forward));
    } catch (const std::exception& error) {
        log_.error("{}: {}", to_string(peer), error.what());
        on_stream_over();
    }
}

void ClientConnection::on_stream_over() {
    open_streams_.fetch_sub(1, std::memory_order_relaxed);
    end_if_drained();
}

/// A stream that is counted already: as over when this goes.
class ClientConnection::OpenStream {
public:
    explicit OpenStream(ClientConnection& link) : link_{link} {}
    OpenStream(const OpenStream&) = delete;
    OpenStream& operator=(const OpenStream&) = delete;
    ~OpenStream() { link_.on_stream_over(); }

private:
    ClientConnection& link_;
};

// A coroutine for each stream, and no more: an idle one costs little but their frames.
awaitable<void> ClientConnection::carry_here(StreamSocket socket, asio::ip::tcp::endpoint peer,
                                             const LocalForward& forward) {
    const OpenStream open{*this};
    if (!has_memory()) {
        context_.not_carried.log(LogLevel::info, "out of memory",
                                 "{} -> {}: reset, culvert is out of memory", to_string(peer),
                                 to_string(forward.target));
        co_return;
    }
    log_.at({LogLevel::debug, LogKind::forwards}, "{} -> {}: opening{}", to_string(peer),
            to_string(forward.target), suffix_);
    const TimePoint began = Clock::now();
    Relay relay{std::move(socket), *session_, streams_};
    // Not in the co_await: its temporaries would lie in the frame as long as the stream lives.
    auto carried = relay.open(DirectTcpip{forward.target, to_endpoint(peer)});
    const RelayEnd end = co_await std::move(carried);
    if (end == RelayEnd::refused) {
        log_not_opened(peer, forward, relay.failure());
    } else {
        log_forward(peer, forward, name_of(end), relay, Clock::now() - began);
    }
}

void ClientConnection::log_not_opened(const asio::ip::tcp::endpoint& peer,
                                      const LocalForward& forward,
                                      const OpenFailure& failure) const {
    const std::string why = describe(failure);
    if (!context_.not_carried.admits(LogLevel::info, why)) return;
    log_.event(
        {LogLevel::info, LogKind::forwards}, {}, {},
        fmt::format("{} -> {}: not opened: {}", to_string(peer), to_string(forward.target), why),
        where_to_look(failure));
}

/// The one line about a stream that is over.
void ClientConnection::log_forward(const asio::ip::tcp::endpoint& peer, const LocalForward& forward,
                                   std::string_view end, const Relay& relay, Duration took) const {
    constexpr LogClass line{LogLevel::verbose, LogKind::forwards};
    if (!logs(line)) return;
    const double seconds = std::chrono::duration<double>(took).count();
    const std::string from = to_string(peer);
    const std::string target = to_string(forward.target);
    std::vector fields{LogField{"originator", from},
                       LogField{"target", target},
                       LogField{"bytes_there", std::uint64_t{relay.bytes_sent()}},
                       LogField{"bytes_back", std::uint64_t{relay.bytes_received()}},
                       LogField{"seconds", seconds},
                       LogField{"end", end}};
    name_connection(fields);
    log_.event(line, "forward", std::move(fields),
               fmt::format("{} -> {}: {} after {:.1f} s, {} bytes there, {} back{}", from, target,
                           end, seconds, relay.bytes_sent(), relay.bytes_received(), suffix_));
}

}  // namespace culvert
