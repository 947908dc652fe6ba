#pragma once

#include <functional>
#include <optional>

#include "common/net/event.hpp"
#include "common/session/session_owner.hpp"

namespace culvert {

/// Asks the login's owner what the engine wants to know, at the login and in later key exchanges,
/// and gives the engine the answers.
class LoginDialog {
public:
    /// `send` sends what the engine has to say while an answer is awaited.
    LoginDialog(Engine& engine, Login login, std::function<void()> send)
        : engine_{engine}, login_{login}, send_{std::move(send)} {}

    awaitable<void> on_host_key(HostKeyOffered offered);
    awaitable<void> on_signature_wanted(SignatureWanted wanted);
    awaitable<void> on_public_key_request(PublicKeyRequest request);
    awaitable<void> on_host_signature_wanted(HostSignatureWanted wanted);
    void on_banner(const BannerReceived& banner) { client().on_banner(banner); }
    /// After whatever may have brought it about: tells a client's login once that the session is
    /// ready.
    void announce_ready();

private:
    ClientLogin& client() { return *std::get<ClientLogin*>(login_); }
    ServerLogin& server() { return *std::get<ServerLogin*>(login_); }
    awaitable<void> sign(SignatureWanted wanted, std::optional<ByteVector>& signature,
                         Event& is_over);
    awaitable<void> query_while_signing(Event& is_over);

    Engine& engine_;
    Login login_;
    std::function<void()> send_;
    bool announced_ready_ = false;
};

}  // namespace culvert
