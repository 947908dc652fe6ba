#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <asio/dispatch.hpp>

#include "client/connection_log.hpp"
#include "client/identities.hpp"
#include "client/local_connection.hpp"
#include "client/retry_schedule.hpp"
#include "client/settings.hpp"
#include "common/forward/streams.hpp"
#include "common/net/connector.hpp"
#include "common/net/on_io_context.hpp"
#include "common/net/task_group.hpp"
#include "common/session/session.hpp"

namespace culvert {

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
    Connector& connector;
    std::shared_ptr<WindowBudget> windows;
    Random& random;
    RepeatLimit& not_carried;
    /// Key exchanges begin with a guess. False once the server seems unable to skip a wrong one.
    mutable std::atomic<bool> guesses{true};
};

/// One of a tunnel's SSH connections, which comes and goes, with the streams that it carries. It
/// lives on one thread.
class ClientConnection final : private SessionOwner, private ClientLogin, private StreamOwner {
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
    std::size_t open_streams() const noexcept { return streams_.count(); }

private:
    // ClientLogin
    awaitable<void> check_host_key(PublicKey key) override;
    awaitable<std::optional<ByteVector>> sign(SignatureWanted wanted) override;
    void on_ready() override;
    void on_banner(const BannerReceived& banner) override { log_.on_banner(banner); }

    // SessionOwner
    void on_authenticated(const Authenticated& authenticated) override;
    void on_rekeyed() override;
    void on_irregularity(Irregularity kind) override;
    void on_denied(const RequestDenied& denied) override;
    void on_no_channels() override { end_if_drained(); }
    void on_channel_requested(ChannelRequested request) override;
    void on_forward_requested(const ForwardRequested& request) override;
    void on_forward_answered(const ForwardAnswered&) override {}

    // StreamOwner
    void on_opening(const Stream& stream) override { log_.on_opening(stream); }
    void on_not_opened(const Stream& stream, const Unreached& why) override {
        log_.on_not_opened(stream, why.failure);
    }
    void on_over(const Stream& stream, RelayEnd end) override { log_.on_over(stream, end); }
    void on_stream_gone() noexcept override { end_if_drained(); }

    awaitable<void> live();
    awaitable<void> keep_connected();
    awaitable<void> wait_before_retry(const Error& why);
    awaitable<void> connect_once();
    awaitable<StreamSocket> reach_server();
    EngineConfig engine_config(ClientIdentities identities) const;
    awaitable<bool> run_session();
    static bool guess_may_be_why(const Session& session, const std::exception_ptr& why);
    struct SessionEnd;
    SessionEnd judge(const Session& session, const std::exception_ptr& why,
                     bool expects_success) const;
    void hint_at_ssh_config();

    void take(LocalConnection connection);
    void end_if_drained();
    void end_here();
    /// On one thread the tunnel hears of it before this returns, on two in the same order.
    template <class Function>
    void tell(Function function) {
        asio::dispatch(context_.owner_executor, std::move(function));
    }

    enum class Life { running, draining, ending };

    const ClientConnectionContext& context_;
    std::size_t index_;
    ConnectionLog log_;
    Identities identities_;
    RetrySchedule retries_;
    bool ssh_config_told_ = false;
    std::string host_key_;        ///< as log lines show it, once it was checked
    Session* session_ = nullptr;  ///< the one that is there now
    Life life_ = Life::running;
    TaskGroup tasks_;  ///< the one connection, from its dialing to its end, again and again
    Streams streams_;
};

}  // namespace culvert
