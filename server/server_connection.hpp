#pragma once

#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/forward/outbound.hpp"
#include "common/log/repeat_limit.hpp"
#include "common/net/on_io_context.hpp"
#include "common/session/session.hpp"
#include "server/admission.hpp"
#include "server/broker.hpp"
#include "server/config.hpp"
#include "server/probe_count.hpp"

namespace culvert {

/// The lines that others can cause as often as they like.
struct ServerRepeatLimits {
    RepeatLimit turned_away{"connections turned away", LogKind::connections};
    RepeatLimit without_login{"connections that ended without a login", LogKind::connections};
    RepeatLimit refused_logins{"logins refused", LogKind::logins};
    /// Have a count of their own, so that they can't hide those with a key.
    RepeatLimit refused_without_key{"logins without a key refused", LogKind::logins};
    RepeatLimit key_warnings{"warnings about keys", LogKind::logins};
    RepeatLimit not_opened{"targets not opened", LogKind::forwards};
    RepeatLimit denied{"requests denied", LogKind::forwards};
    ProbeCount probes;

    template <class Function>
    void for_each(Function function) {
        for (RepeatLimit* const limit :
             {&turned_away, &without_login, &refused_logins, &refused_without_key, &key_warnings,
              &not_opened, &denied}) {
            function(*limit);
        }
    }
};

/// What all connections of a daemon share; it outlives them.
struct ServerContext {
    std::shared_ptr<const ServerConfig> config;
    std::shared_ptr<WindowBudget> windows;
    std::shared_ptr<Broker> broker;
    Random& random;
    ServerRepeatLimits& repeats;
};

/// One client's SSH connection: who is logged in, what he may open, and the streams that he opened.
class ServerConnection final : private SessionOwner, private ServerLogin, private OutboundOwner {
public:
    ServerConnection(ServerContext context, StreamSocket socket, asio::ip::tcp::endpoint peer,
                     Admission::Ticket ticket);

    /// Runs it to its end, and logs what there is to say.
    awaitable<void> run();

    /// No new streams; ends when the last one has, and at once if nobody has logged in.
    void drain();
    /// Ends now, with a reset for every stream.
    void end();

    /// For a status line: "10.0.0.9:51234 (alice): 3 streams, for 120 s".
    std::string status() const;
    std::size_t open_streams() const noexcept { return streams_.count(); }
    bool authenticated() const noexcept { return session_.authenticated(); }

private:
    // ServerLogin
    awaitable<bool> allows(PublicKeyRequest request) override;
    awaitable<ByteVector> sign_host(HostSignatureWanted wanted) override;

    // SessionOwner
    void on_authenticated(const Authenticated& authenticated) override;
    void on_rekeyed() override;
    void on_irregularity(Irregularity kind) override;
    void on_denied(const RequestDenied& denied) override;
    void on_no_channels() override { end_if_drained(); }
    void on_channel_requested(ChannelRequested request) override;
    void on_forward_requested(const ForwardRequested& request) override;
    void on_forward_answered(const ForwardAnswered&) override {}

    // OutboundOwner
    awaitable<Reached> reach(const ChannelType& wanted) override;
    void on_opening(const Stream& stream) override;
    void on_not_opened(const Stream& stream, const Unreached& why) override;
    void on_over(const Stream& stream, RelayEnd end) override;
    void on_stream_gone() noexcept override { end_if_drained(); }

    std::optional<OpenFailure> why_no_more_streams() const;
    void note_not_let_in(const PublicKey& key, std::string_view why);
    void end_if_drained();
    void log_end(const std::exception_ptr& why) const;
    void log_end(std::string_view how) const;
    void log_end_without_login(std::string_view how) const;
    void log_not_opened(const std::string& target, std::string_view why) const;
    void log_denied(std::string_view what, std::string_view why, std::string_view said) const;

    ServerContext context_;
    asio::ip::tcp::endpoint peer_;
    TimePoint began_ = Clock::now();
    std::string name_;  ///< for log lines: the peer's address, then also the user
    std::optional<Admission::Ticket> ticket_;
    KeyPermissions permissions_;
    std::string user_;
    std::string key_;                        ///< the fingerprint of the one that was proved
    std::vector<std::string> refused_keys_;  ///< for the log line of a login that came to nothing
    bool draining_ = false;
    Session session_;
    Streams streams_;
    Outbound outbound_{session_, streams_, *this};
};

}  // namespace culvert
