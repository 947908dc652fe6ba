#include <array>

#include <fmt/format.h>

#include "client/tunnel.hpp"
#include "common/log/log.hpp"
#include "common/net/tcp_options.hpp"
#include "common/net/timeout.hpp"
#include "common/relay/relay.hpp"

namespace culvert {

void Tunnel::on_ready() {
    for (Event* const waiting : std::exchange(held_, {})) waiting->set();
}

awaitable<bool> Tunnel::wait_until_ready() {
    const auto is_ready = [this] { return session_ != nullptr && session_->ready(); };
    if (is_ready()) co_return true;
    if (settings_.while_down == WhileDown::reset) co_return false;
    const Deadline deadline{settings_.hold_for};
    const auto wait_for = [](Event& event) -> awaitable<void> { co_await event.wait(); };
    // What was ready when it was announced may be gone by now: then the next connection will do.
    while (!is_ready() && !deadline.passed()) {
        Event ready;
        held_.push_back(&ready);
        std::exception_ptr cancelled;
        try {
            co_await with_timeout(wait_for(ready), deadline.left());
        } catch (const std::system_error&) {
            cancelled = std::current_exception();
        }
        std::erase(held_, &ready);
        if (cancelled) std::rethrow_exception(cancelled);
    }
    co_return is_ready();
}

awaitable<void> Tunnel::carry(asio::ip::tcp::socket socket, asio::ip::tcp::endpoint peer,
                              const LocalForward& forward) {
    ++open_streams_;
    std::exception_ptr failure;
    try {
        co_await carry_once_ready(std::move(socket), peer, forward);
    } catch (...) {
        failure = std::current_exception();
    }
    --open_streams_;
    end_if_drained();
    if (failure) std::rethrow_exception(failure);
}

awaitable<void> Tunnel::carry_once_ready(asio::ip::tcp::socket socket, asio::ip::tcp::endpoint peer,
                                         const LocalForward& forward) {
    (void)set_on_close(socket, OnClose::reset);
    if (!co_await wait_until_ready()) {
        not_carried_.log(LogLevel::info, "{} -> {}: reset, the tunnel is down", to_string(peer),
                         to_string(forward.target));
        co_return;
    }
    log_debug("{} -> {}: opening", to_string(peer), to_string(forward.target));
    const TimePoint began = Clock::now();
    Relay relay{std::move(socket), *session_, streams_};
    const RelayEnd end = co_await relay.open(forward.target, to_endpoint(peer));
    if (end == RelayEnd::refused) {
        not_carried_.log(LogLevel::info, "{} -> {}: not opened: {}", to_string(peer),
                         to_string(forward.target), describe(relay.failure()));
        co_return;
    }
    log_forward(peer, forward, name_of(end), relay, Clock::now() - began);
}

/// The one line about a stream that is over.
void Tunnel::log_forward(const asio::ip::tcp::endpoint& peer, const LocalForward& forward,
                         std::string_view end, const Relay& relay, Duration took) const {
    const double seconds = std::chrono::duration<double>(took).count();
    const std::string from = to_string(peer);
    const std::string target = to_string(forward.target);
    const std::array fields{LogField{"tunnel", settings_.name},
                            LogField{"originator", from},
                            LogField{"target", target},
                            LogField{"bytes_there", std::uint64_t{relay.bytes_sent()}},
                            LogField{"bytes_back", std::uint64_t{relay.bytes_received()}},
                            LogField{"seconds", seconds},
                            LogField{"end", end}};
    log_event(LogLevel::verbose, "forward", fields,
              fmt::format("{} -> {}: {} after {:.1f} s, {} bytes there, {} back", from, target, end,
                          seconds, relay.bytes_sent(), relay.bytes_received()));
}

}  // namespace culvert
