#pragma once

#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <string_view>

#include "common/engine/engine.hpp"
#include "common/net/awaitable.hpp"
#include "common/net/event.hpp"
#include "common/net/on_io_context.hpp"
#include "common/session/carrier.hpp"
#include "common/session/carrier_owner.hpp"
#include "common/session/idle_clock.hpp"
#include "common/session/login_dialog.hpp"
#include "common/session/session_owner.hpp"

namespace culvert {

/// The life of one SSH session, on one thread: its engine, the time, and the carrier that moves its
/// bytes. All decisions are the engine's and the owner's.
class Session final : private CarrierOwner {
public:
    static constexpr Duration usual_idle_time = limits::buffer::idle_time;

    /// The owner, the login's owner and `random` must outlive it.
    /// `idle_time`: a connection that is silent for this long gives its buffers back.
    Session(StreamSocket socket, EngineConfig config, Random& random, SessionOwner& owner,
            Login login, Duration idle_time = usual_idle_time);
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;

    /// Runs it to its end, and returns if that end was asked for with end(). Throws the Error that
    /// ended it otherwise, or operation_aborted. In any case every channel's user has been told,
    /// and the socket is closed. The clean-up can't be cancelled: a cancellation that arrives
    /// meanwhile is lost, and the caller checks its own stop flag afterwards.
    awaitable<void> run();

    /// Ends it: the peer is told so, and run() returns soon.
    void end(DisconnectReason reason, std::string_view description) noexcept;

    bool running() const noexcept { return life_ != Life::over; }
    bool ready() const noexcept { return running() && engine_.may_open_channels(); }
    bool authenticated() const noexcept { return engine_.authenticated(); }

    // ---- remote forwards; what these functions throw ends the session
    RequestId ask(const ForwardRequest& what);
    void grant(RequestId request, std::uint16_t port = 0);
    void deny(RequestId request);

    // ---- channels: their users must outlive them
    /// Asks for a channel; the user hears of the outcome. Empty if there are too many.
    /// What opening, accepting or refusing one throws ends the session, and the user is off it.
    std::optional<ChannelId> open(const ChannelType& type, ChannelUser& user);
    void accept(ChannelId channel, ChannelUser& user);
    void refuse(ChannelId channel, const OpenFailure& failure);
    /// The user has something to send: it is read in the channel's turn, perhaps at once.
    void set_readable(ChannelId channel);
    /// The user may take more of what it was offered.
    void set_writable(ChannelId channel) noexcept;
    void delivered(ChannelId channel, std::size_t bytes) noexcept;
    /// The user is off the channel from here on.
    void close(ChannelId channel) noexcept;
    void reset(ChannelId channel) noexcept;

    std::size_t channels() const noexcept { return engine_.channels(); }
    /// What all windows of the process may claim of memory.
    const std::shared_ptr<WindowBudget>& windows() const noexcept { return engine_.windows(); }
    /// Bytes to the peer and from it, so far.
    std::uint64_t traffic() const noexcept { return engine_.traffic(); }
    const Transport& transport() const noexcept { return engine_.transport(); }
    const UserauthClient& userauth_client() const noexcept { return engine_.userauth_client(); }
    const UserauthServer& userauth_server() const noexcept { return engine_.userauth_server(); }
    /// The peer said that it ends the connection for what we did: run() throws that as an
    /// Error{network}.
    bool dismissed() const noexcept;
    /// SSH_MSG_DISCONNECT of the peer, if there was one.
    const std::optional<PeerDisconnected>& peer_disconnected() const noexcept {
        return peer_disconnected_;
    }
    /// A server said that it has no place for us now, and may have one later.
    bool told_to_try_later() const noexcept;
    /// It has received or sent since it last gave its buffers back.
    bool has_buffers() const noexcept { return idle_.has_buffers(); }
    IoExecutor executor() { return timer_.get_executor(); }

private:
    enum class Life {
        running,
        ending,  ///< as asked
        failed,
        over,
    };

    // CarrierOwner
    bool on_connection_event(EngineEvent& event) override;
    awaitable<void> on_event(EngineEvent event) override;
    void on_all_handled() override;
    void on_pumped() noexcept override;
    void on_activity(TimePoint when) noexcept override { idle_.on_activity(when); }
    void on_failed(std::exception_ptr why) noexcept override;

    [[noreturn]] void on_peer_disconnected(PeerDisconnected peer);
    awaitable<void> keep_time();
    awaitable<void> wait_for_failure();
    TimePoint next_deadline();
    void release_if_idle(TimePoint now) noexcept;
    void tell_end(const std::exception_ptr& why) noexcept;
    void pump() noexcept { carrier_.transmitter().pump(); }
    /// What it throws ends the session too.
    template <class Function>
    auto or_fail(Function function);
    template <class Function>
    void unless_it_fails(Function function) noexcept;

    Engine engine_;
    SessionOwner& owner_;
    LoginDialog dialog_;
    Carrier carrier_;

    Life life_ = Life::running;
    std::exception_ptr failure_;
    Event failed_;
    std::optional<PeerDisconnected> peer_disconnected_;
    bool had_channels_ = false;

    Timer timer_;
    TimePoint timer_at_{};
    IdleClock idle_;
};

}  // namespace culvert
