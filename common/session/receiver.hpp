#pragma once

#include "common/engine/engine.hpp"
#include "common/net/awaitable.hpp"
#include "common/net/event.hpp"
#include "common/net/on_io_context.hpp"
#include "common/session/carrier_owner.hpp"
#include "common/session/transmitter.hpp"

namespace culvert {

/// A carrier's way in: receives into the engine, and hands what comes of it to the channels' users
/// and to the session.
class Receiver {
public:
    /// All must outlive it.
    Receiver(StreamSocket& socket, Engine& engine, Transmitter& transmitter, CarrierOwner& owner)
        : socket_{socket}, engine_{engine}, transmitter_{transmitter}, owner_{owner} {}

    /// Throws the Error with which the connection ended.
    awaitable<void> run();

    /// The user of the data in the inbox may take more of them, or is off its channel.
    void on_reader_ready() noexcept { reader_ready_.set(); }

private:
    awaitable<void> dispatch();
    bool offer();
    awaitable<void> wait_for_reader();
    void acknowledge() noexcept;

    StreamSocket& socket_;
    Engine& engine_;
    Transmitter& transmitter_;
    CarrierOwner& owner_;
    TimePoint received_at_{};
    Event reader_ready_;
};

}  // namespace culvert
