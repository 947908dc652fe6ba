#pragma once

#include <optional>
#include <variant>

#include "common/engine/engine.hpp"
#include "common/net/awaitable.hpp"

namespace culvert {

// What decides for a session, by what is decided. The coroutines may take their time; nothing else
// is read from the peer until they end. What any of these functions throws ends the session.

/// A client's login.
class ClientLogin {
public:
    virtual ~ClientLogin() = default;

    /// Throws Error{host_key} unless it takes this key.
    virtual awaitable<void> check_host_key(PublicKey key) = 0;
    /// The signature blob, or nothing if this key can't sign.
    virtual awaitable<std::optional<ByteVector>> sign(SignatureWanted wanted) = 0;
    virtual void on_banner(const BannerReceived& banner) = 0;
    /// Channels may be opened from here on, perhaps ahead of on_authenticated.
    virtual void on_ready() = 0;
};

/// A server's login.
class ServerLogin {
public:
    virtual ~ServerLogin() = default;

    /// May this user come in with this key?
    virtual awaitable<bool> allows(PublicKeyRequest request) = 0;
    /// The signature blob by the host key: at the login, and at each key exchange after it.
    virtual awaitable<ByteVector> sign_host(HostSignatureWanted wanted) = 0;
};

using Login = std::variant<ClientLogin*, ServerLogin*>;

/// What a session tells its owner, in either role.
class SessionOwner {
public:
    virtual ~SessionOwner() = default;

    virtual void on_authenticated(const Authenticated& authenticated) = 0;
    /// To be answered with Session::accept or Session::refuse.
    virtual void on_channel_requested(ChannelRequested request) = 0;
    /// To be answered with Session::grant or Session::deny.
    virtual void on_forward_requested(const ForwardRequested& request) = 0;
    virtual void on_forward_answered(const ForwardAnswered& answered) = 0;
    /// The peer wanted what this program doesn't do; it has been told no.
    virtual void on_denied(const RequestDenied& denied) = 0;
    /// The peer broke a rule that it is forgiven: each kind is told once.
    virtual void on_irregularity(Irregularity kind) = 0;
    virtual void on_rekeyed() = 0;
    /// The last channel is gone: both sides have closed it.
    virtual void on_no_channels() = 0;
};

}  // namespace culvert
