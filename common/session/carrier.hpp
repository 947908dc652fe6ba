#pragma once

#include "common/engine/engine.hpp"
#include "common/net/awaitable.hpp"
#include "common/net/on_io_context.hpp"
#include "common/session/carrier_owner.hpp"
#include "common/session/receiver.hpp"
#include "common/session/transmitter.hpp"

namespace culvert {

/// One connection of the kernel's that carries a session: its socket, and the two loops that move
/// bytes between the socket and the engine.
class Carrier {
public:
    /// The engine and the owner must outlive it.
    Carrier(StreamSocket socket, Engine& engine, CarrierOwner& owner);

    /// Receives until the connection is lost, and throws the Error that says how.
    awaitable<void> run() { return receiver_.run(); }
    /// Sends what is left of the output, waits a moment for a peer that is told of the end to read
    /// it, and closes the socket. What fails of that is ignored.
    awaitable<void> close();

    IoExecutor executor() { return socket_.get_executor(); }
    Transmitter& transmitter() noexcept { return transmitter_; }
    Receiver& receiver() noexcept { return receiver_; }

private:
    awaitable<void> take_leave();

    StreamSocket socket_;
    Engine& engine_;
    Transmitter transmitter_;
    Receiver receiver_;
};

}  // namespace culvert
