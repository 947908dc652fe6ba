#include "common/session/carrier.hpp"

#include <utility>

#include "common/net/read_away.hpp"
#include "common/net/tcp_options.hpp"
#include "common/net/timeout.hpp"

namespace culvert {

Carrier::Carrier(StreamSocket socket, Engine& engine, CarrierOwner& owner)
    : socket_{std::move(socket)},
      engine_{engine},
      transmitter_{socket_, engine, owner},
      receiver_{socket_, engine, transmitter_, owner} {
    // A kernel that refuses this carries the connection all the same, only slower.
    (void)set_no_delay(socket_.native_handle());
}

awaitable<void> Carrier::close() {
    try {
        co_await take_leave();
    } catch (...) {
        // The peer hasn't heard it, and the connection is over.
    }
    std::error_code ignored;
    socket_.close(ignored);
    co_await transmitter_.settle();
}

awaitable<void> Carrier::take_leave() {
    if (engine_.ended()) co_await with_timeout(transmitter_.flush(), limits::time_limit::farewell);
    std::error_code ignored;
    socket_.shutdown(StreamSocket::shutdown_send, ignored);
    std::size_t discarded = 0;
    if (engine_.ended()) {
        co_await with_timeout(let_tail_arrive(socket_, discarded), limits::time_limit::farewell);
    }
}

}  // namespace culvert
