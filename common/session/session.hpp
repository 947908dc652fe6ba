#pragma once

#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <vector>

#include "common/engine/engine.hpp"
#include "common/net/awaitable.hpp"
#include "common/net/event.hpp"
#include "common/net/on_io_context.hpp"
#include "common/session/batch_share.hpp"
#include "common/session/output_target.hpp"
#include "common/session/patience.hpp"
#include "common/session/stream.hpp"

namespace culvert {

/// Who decides for a session: the client or the daemon. The coroutines may take their time; nothing
/// else is read from the peer until they end. What they throw ends the session.
class SessionOwner {
public:
    virtual ~SessionOwner() = default;

    /// A client's: throws Error{host_key} unless it takes this key.
    virtual awaitable<void> check_host_key(PublicKey key) = 0;
    /// A client's: the signature blob, or nothing if this key can't sign.
    virtual awaitable<std::optional<ByteVector>> sign(SignatureWanted wanted) = 0;
    /// A client's: channels may be opened from here on, perhaps ahead of on_authenticated.
    virtual void on_ready() = 0;
    virtual void on_banner(const BannerReceived& banner) = 0;

    /// A server's: may this user come in with this key?
    virtual awaitable<bool> allows(KeyShown shown) = 0;
    /// To be answered with Session::accept or Session::refuse.
    virtual void on_channel_requested(ChannelRequested request) = 0;
    /// To be answered with Session::grant or Session::deny.
    virtual void on_forward_requested(const ForwardRequested& request) = 0;
    virtual void on_forward_answered(const ForwardAnswered& answered) = 0;

    /// The peer broke a rule that it is forgiven: each kind is told once.
    virtual void on_irregularity(Irregularity kind) = 0;
    /// The peer wanted what this program doesn't do; it has been told no.
    virtual void on_denied(const RequestDenied& denied) = 0;
    virtual void on_authenticated(const Authenticated& authenticated) = 0;
    virtual void on_rekeyed() = 0;
    /// The last channel is gone: both sides have closed it.
    virtual void on_no_channels() = 0;
};

/// One SSH connection: a socket and an engine, on one thread. It moves bytes between the socket,
/// the engine and the streams, and tells the time; all decisions are the engine's and the owner's.
class Session {
public:
    static constexpr Duration usual_idle_time = std::chrono::seconds{5};

    /// The owner and `random` must outlive it.
    /// `idle_time`: a connection that is silent for this long gives its buffers back.
    Session(TcpSocket socket, EngineConfig config, Random& random, SessionOwner& owner,
            const Patience::Terms& patience = {}, Duration idle_time = usual_idle_time);
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;
    ~Session();

    /// Runs the connection to its end, and returns if that end was asked for with end(). Throws the
    /// Error that ended it otherwise, or operation_aborted. In any case every stream has been told,
    /// and the socket is closed. The clean-up can't be cancelled: that came meanwhile is forgotten,
    /// so whoever goes on after it asks what he was told otherwise.
    awaitable<void> run();

    /// Ends it: the peer is told so, and run() returns soon.
    void end(DisconnectReason reason, std::string_view description) noexcept;

    bool running() const noexcept { return !ended_; }
    bool ready() const noexcept { return !ended_ && engine_.may_open_channels(); }
    bool authenticated() const noexcept { return engine_.authenticated(); }

    // ---- remote forwards; what these functions throw ends the session
    RequestId ask(const ForwardRequest& what);
    void grant(RequestId request, std::uint16_t port = 0);
    void deny(RequestId request);

    // ---- streams: they must outlive their channels
    /// Asks for a channel; the stream hears of the outcome. Empty if there are too many.
    /// What opening, accepting or refusing one throws ends the session, and the stream is off it.
    std::optional<ChannelId> open(Stream& stream, const ChannelType& type);
    void accept(ChannelId channel, Stream& stream);
    void refuse(ChannelId channel, const OpenFailure& failure);
    /// The stream has something to send: it is read when it is its turn, perhaps at once.
    void set_readable(ChannelId channel);
    /// The stream may take more of what it was offered with Stream::try_write.
    void set_writable(ChannelId channel) noexcept;
    void delivered(ChannelId channel, std::size_t bytes) noexcept;
    /// The stream is off the session from here on.
    void close(ChannelId channel) noexcept;
    void reset(ChannelId channel) noexcept;

    std::size_t channels() const noexcept { return engine_.channels(); }
    /// What all streams of the process may claim of memory.
    const std::shared_ptr<WindowBudget>& windows() const noexcept { return engine_.windows(); }
    /// Bytes to the peer and from it, so far.
    std::uint64_t traffic() const noexcept { return engine_.traffic(); }
    const Transport& transport() const noexcept { return engine_.transport(); }
    const UserauthClient& userauth_client() const noexcept { return engine_.userauth_client(); }
    const UserauthServer& userauth_server() const noexcept { return engine_.userauth_server(); }
    /// The peer said that it ends the connection for what we did: run() throws that as an
    /// Error{network}.
    bool dismissed() const noexcept { return dismissed_; }
    /// A server said that it has no place for us now, and may have one later.
    bool told_to_try_later() const noexcept {
        return told_to_try_later_ || engine_.transport().told_to_try_later();
    }
    /// It has received or sent since it last gave its buffers back.
    bool holds_buffers() const noexcept { return holds_buffers_; }
    IoExecutor executor() { return socket_.get_executor(); }

private:
    awaitable<void> read_loop();
    void acknowledge() noexcept;
    awaitable<void> keep_time();
    awaitable<void> wait_for_failure();
    awaitable<void> close_socket();
    awaitable<void> flush_output();
    awaitable<void> dispatch();
    awaitable<void> on_event(EngineEvent event);
    awaitable<void> sign(SignatureWanted wanted);
    awaitable<void> ask_owner(SignatureWanted wanted, std::optional<ByteVector>& signature,
                              Event& is_over);
    awaitable<void> ask_while_signing(Event& is_over);
    void on_connection_event(const ConnectionEvent& event);
    void on_data(const ChannelDataReceived& data);
    void on_closed(const ChannelClosed& closed);
    void deliver_run() noexcept;
    bool offer_run() noexcept;
    awaitable<void> wait_for_reader();

    void pump() noexcept;
    void pump_soon();
    void fill_output(std::size_t target, TimePoint now);
    bool send_output();
    void wait_writable();
    void follow_output_target(std::size_t target);
    void take_turn(const Engine::SendSlots& slots);
    void fail(std::exception_ptr why) noexcept;
    template <class Function>
    auto or_fail(Function function);
    void tell_end(const std::exception_ptr& why) noexcept;
    void announce_ready();
    void announce_no_channels();
    void announce_irregularities();
    void rearm_timer();
    TimePoint next_deadline();
    void release_if_idle() noexcept;
    void note_activity(TimePoint when) noexcept {
        last_active_ = when;
        holds_buffers_ = true;
    }

    Stream& stream(ChannelId channel) { return *streams_[channel.value()]; }
    bool is_attached(ChannelId channel) const noexcept {
        return channel.value() < streams_.size() && streams_[channel.value()] != nullptr;
    }
    void make_room(ChannelId channel);
    Stream& detach(ChannelId channel);

    TcpSocket socket_;
    Engine engine_;
    SessionOwner& owner_;
    std::vector<Stream*> streams_;  ///< by channel id; null where nobody is

    /// Consecutive data for one channel, written with one call.
    static constexpr std::size_t longest_run = 64;
    std::vector<Bytes> run_;
    ChannelId run_channel_;
    TimePoint run_at_{};  ///< when that channel last received anything
    Patience patience_;
    Event reader_ready_;  ///< the run's stream may take more of it

    /// The output is filled up to this before it is sent, and the kernel takes about as much of it
    /// unsent (TCP_NOTSENT_LOWAT).
    OutputTarget output_target_;
    BatchShare batch_share_;
    std::size_t unsent_limit_ = 0;  ///< what the kernel was told

    Timer timer_;
    TimePoint timer_at_{};
    TimePoint last_received_{};
    Duration idle_time_;
    TimePoint last_active_{};  ///< received or had something to send
    bool holds_buffers_ = true;
    Event failed_;
    std::exception_ptr failure_;
    bool dismissed_ = false;
    bool told_to_try_later_ = false;
    bool end_asked_ = false;
    bool ended_ = false;
    bool announced_ready_ = false;
    bool had_channels_ = false;
    bool dispatching_ = false;
    bool pumping_ = false;
    bool waits_writable_ = false;
    bool sends_no_more_ = false;  ///< the kernel refuses: the read loop finds out why
    Event writable_wait_over_;
    bool pumps_soon_ = false;
    Event pumped_;
};

}  // namespace culvert
