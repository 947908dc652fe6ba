#pragma once

#include <cstddef>

#include "common/engine/engine.hpp"
#include "common/net/awaitable.hpp"
#include "common/net/event.hpp"
#include "common/net/on_io_context.hpp"
#include "common/session/carrier_owner.hpp"

namespace culvert {

/// A carrier's way out: lets the channels fill the engine's output, turn by turn, and sends it. How
/// much is the engine's SendPolicy to say.
class Transmitter {
public:
    /// All must outlive it.
    Transmitter(StreamSocket& socket, Engine& engine, CarrierOwner& owner);
    Transmitter(const Transmitter&) = delete;
    Transmitter& operator=(const Transmitter&) = delete;
    ~Transmitter();

    /// Fills and sends as much as the socket takes, or until others have waited long enough. Does
    /// nothing while it is corked or stopped, nor when called from within.
    void pump() noexcept;
    /// After the handlers that are due now: what they ask for leaves in one send.
    void pump_soon();

    /// What is caused until uncork() leaves in one piece: nothing is sent meanwhile (TCP_CORK).
    void cork() noexcept;
    void uncork() noexcept;
    /// Nothing more is filled: after a failure no EOF may follow what was perhaps lost.
    void stop() noexcept { filling_ = Filling::stopped; }

    /// Sends what is in the output already.
    awaitable<void> flush();
    /// Waits for what it has begun; its socket must be closed.
    awaitable<void> settle();

private:
    enum class Filling { allowed, corked, under_way, stopped };
    enum class Socket {
        takes,    ///< as far as is known
        is_full,  ///< and says when it takes more
        is_dead,  ///< the receiver finds out why
    };

    void fill_and_send();
    void fill(std::size_t batch, TimePoint now);
    bool send();
    void wait_until_writable();
    void follow_batch(std::size_t bytes);

    StreamSocket& socket_;
    Engine& engine_;
    CarrierOwner& owner_;
    Filling filling_ = Filling::allowed;
    Socket state_ = Socket::takes;
    Event writable_;  ///< set but while the socket is full
    Event pumped_;    ///< set but between pump_soon() and that pump
};

}  // namespace culvert
