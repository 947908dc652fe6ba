#pragma once

#include <exception>

#include "common/engine/engine.hpp"
#include "common/net/awaitable.hpp"

namespace culvert {

/// What the two loops of a carrier tell the session that it carries.
class CarrierOwner {
public:
    virtual ~CarrierOwner() = default;

    /// An event of the connection layer: what it causes leaves in one piece with the rest. False
    /// for all others, which are for on_event(). What it throws ends the carrier.
    virtual bool on_connection_event(EngineEvent& event) = 0;
    /// It may take its time: nothing else is received meanwhile. What it throws ends the carrier.
    virtual awaitable<void> on_event(EngineEvent event) = 0;
    /// All that was received so far has been handled.
    virtual void on_all_handled() = 0;
    /// As much was sent as can be for now: deadlines may have moved.
    virtual void on_pumped() noexcept = 0;
    /// Something was received, or is to be sent.
    virtual void on_activity(TimePoint when) noexcept = 0;
    /// The session can't go on. For what happens outside of a coroutine.
    virtual void on_failed(std::exception_ptr why) noexcept = 0;
};

}  // namespace culvert
