#pragma once

#include <optional>

#include "common/auth/userauth_server.hpp"
#include "common/engine/engine_events.hpp"
#include "common/engine/login_clock.hpp"
#include "common/transport/transport.hpp"

namespace culvert {

/// A server's side of a login over one transport.
class LoginServer {
public:
    /// Both must outlive it.
    LoginServer(const UserauthLimits& limits, Transport& transport, LoginClock& clock)
        : userauth_{limits}, transport_{transport}, clock_{clock} {}

    /// A packet of numbers 5 and 50 to 60, which may also come after the login.
    std::optional<EngineEvent> on_packet(std::uint8_t number, Bytes payload);

    // ---- answers to PublicKeyRequest
    /// The user is authenticated where a verified request was accepted.
    std::optional<Authenticated> accept_key(TimePoint now);
    void refuse_key() { transport_.send(userauth_.refuse()); }

    bool awaits_answer() const noexcept { return userauth_.awaits_answer(); }
    const UserauthServer& userauth() const noexcept { return userauth_; }

private:
    UserauthServer userauth_;
    Transport& transport_;
    LoginClock& clock_;
};

}  // namespace culvert
