#pragma once

#include <atomic>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <asio/dispatch.hpp>

#include "client/backoff.hpp"
#include "client/identities.hpp"
#include "client/local_connection.hpp"
#include "client/next_try.hpp"
#include "client/settings.hpp"
#include "client/tunnel_log.hpp"
#include "common/log/repeat_limit.hpp"
#include "common/net/on_io_context.hpp"
#include "common/net/resolver.hpp"
#include "common/net/task_group.hpp"
#include "common/relay/relay.hpp"
#include "common/session/session.hpp"

namespace culvert {

/// Design 9: a tunnel of the command line ends when its first connection fails, one of `up`
/// outlives that as well.
enum class FirstFailure { ends, is_outlived };

/// What a tunnel's connections ask it and tell it, each by its index: on the tunnel's thread, and
/// in order.
class ClientConnectionOwner {
public:
    virtual ~ClientConnectionOwner() = default;

    /// Returns when this one may log in: with the key that servers took from the tunnel last,
    /// nothing if it has never been up.
    virtual awaitable<std::optional<PublicKey>> wait_for_turn(std::size_t index) = 0;
    /// Throws Error{host_key} unless the tunnel takes this key.
    virtual awaitable<void> check_host_key(PublicKey key) = 0;
    /// It carries streams from here on, perhaps ahead of on_up().
    virtual void on_ready(std::size_t index) = 0;
    virtual void on_up(std::size_t index, const PublicKey& accepted) = 0;
    /// It carries no more, or a try has failed, and why.
    virtual void on_lost(std::size_t index, const std::string& why) = 0;
    /// It doesn't try again: as asked, or because of an Error that no retry can mend.
    virtual void on_over(std::size_t index, const std::exception_ptr& why) = 0;
    /// It was lost before it could take this one.
    virtual void on_not_carried(std::size_t index, LocalConnection connection) = 0;
};

/// What the connections of a tunnel share; it outlives them, and what changes in it is safe to
/// share between threads.
struct ClientConnectionContext {
    IoExecutor owner_executor;
    ClientConnectionOwner& owner;
    const TunnelSettings& settings;
    FirstFailure first_failure;
    std::shared_ptr<WindowBudget> windows;
    Resolver& resolver;
    Random& random;
    RepeatLimit& not_carried;
};

/// One of a tunnel's SSH connections, which comes and goes, with the streams that it carries. It
/// lives on one thread.
class ClientConnection final : private SessionOwner, private ClientLogin {
public:
    /// `identities` are its own: what servers said to them is asked of each connection anew.
    ClientConnection(IoExecutor executor, const ClientConnectionContext& context, std::size_t index,
                     Identities identities);

    // ---- from the tunnel's thread, arriving in this order in a turn of their own
    /// Connects, and connects again, until it is over.
    void start();
    /// Carries it on a stream, or gives it back.
    void carry(LocalConnection connection);
    /// A local program waits for it: it tries to connect sooner, if it is waiting to do so.
    void hurry();
    /// Takes no more, and is over when the last stream has ended.
    void drain();
    /// Is over now, with a reset for every stream.
    void end();

    // ---- the tunnel's, with run_on()
    /// Ends what is left and returns when all of it has. To be called last.
    awaitable<void> join();
    /// Bytes to the server and from it, of the SSH connection that is up.
    awaitable<std::uint64_t> traffic() const;

    // ---- from any thread
    const IoExecutor& executor() const noexcept { return streams_.executor(); }
    std::size_t open_streams() const noexcept {
        return open_streams_.load(std::memory_order_relaxed);
    }

private:
    // ClientLogin
    awaitable<void> check_host_key(PublicKey key) override;
    awaitable<std::optional<ByteVector>> sign(SignatureWanted wanted) override;
    void on_ready() override;
    void on_banner(const BannerReceived& banner) override;

    // SessionOwner
    void on_authenticated(const Authenticated& authenticated) override;
    void on_rekeyed() override;
    void on_irregularity(Irregularity kind) override;
    void on_denied(const RequestDenied& denied) override;
    void on_no_channels() override { end_if_drained(); }
    void on_channel_requested(ChannelRequested request) override;
    void on_forward_requested(const ForwardRequested& request) override;
    void on_forward_answered(const ForwardAnswered&) override {}

    awaitable<void> live();
    awaitable<void> keep_connected();
    awaitable<void> connect_once();
    awaitable<StreamSocket> dial_server();
    awaitable<bool> run_session();
    bool is_final(const Error& error);
    bool may_be_let_in_soon();
    bool is_first_try() const noexcept {
        return !tunnel_has_been_up_ && context_.first_failure == FirstFailure::ends;
    }
    Duration time_to_next_try();
    awaitable<void> wait_before_retry(const Error& why);

    bool ready() const noexcept { return session_ != nullptr && session_->ready(); }
    void take(LocalConnection connection);
    class OpenStream;
    awaitable<void> carry_here(StreamSocket socket, asio::ip::tcp::endpoint peer,
                               const LocalForward& forward);
    void on_stream_over();
    void log_not_opened(const asio::ip::tcp::endpoint& peer, const LocalForward& forward,
                        const OpenFailure& failure) const;
    void log_forward(const asio::ip::tcp::endpoint& peer, const LocalForward& forward,
                     std::string_view end, const Relay& relay, Duration took) const;
    void name_connection(std::vector<LogField>& fields) const;
    void end_if_drained();
    void end_here();
    /// On one thread the tunnel hears of it before this returns, on two in the same order.
    template <class Function>
    void tell(Function function) {
        asio::dispatch(context_.owner_executor, std::move(function));
    }

    const ClientConnectionContext& context_;
    const TunnelSettings& settings_;
    TunnelLog log_;
    std::size_t index_;
    std::string server_name_;
    std::string which_;  ///< "connection 2 of 4" where there are several
    std::string name_;   ///< for log lines, as is what may stand behind them
    std::string suffix_;

    Identities identities_;
    Backoff backoff_;
    NextTry next_try_;
    Event sooner_;                         ///< the next try was brought forward
    std::string last_hint_;                ///< of the failures before it
    bool told_to_try_later_ = false;       ///< by the server, at the last try
    std::optional<TimePoint> first_told_;  ///< when, before it has ever been up
    unsigned failures_before_up_ = 0;
    bool tunnel_has_been_up_ = false;
    bool ssh_config_told_ = false;
    std::optional<std::string> host_key_;  ///< as log lines show it

    Session* session_ = nullptr;  ///< the one that is there now
    std::atomic<std::size_t> open_streams_{0};
    bool ending_ = false;
    bool draining_ = false;
    TaskGroup life_;  ///< the one connection, from its dialing to its end, again and again
    TaskGroup streams_;
};

}  // namespace culvert
