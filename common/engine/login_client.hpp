#pragma once

#include <cstddef>
#include <optional>

#include "common/auth/userauth_client.hpp"
#include "common/engine/engine_events.hpp"
#include "common/engine/login_clock.hpp"
#include "common/transport/transport.hpp"

namespace culvert {

/// A client's login over one transport: service request, keys, banners.
class LoginClient {
public:
    /// Both must outlive it.
    LoginClient(const ClientIdentities& identities, Transport& transport, LoginClock& clock)
        : userauth_{identities}, transport_{transport}, clock_{clock} {}

    /// The host key was accepted.
    std::optional<EngineEvent> begin(TimePoint now);
    /// A packet of numbers 6 and 50 to 60. `channels`: some were opened already, as if the request
    /// that is on its way had been granted.
    std::optional<EngineEvent> on_packet(std::uint8_t number, Bytes payload, bool channels,
                                         TimePoint now);
    /// To be asked where nothing else has come: the server's list of algorithms may have.
    std::optional<EngineEvent> begin_if_algorithms_are_known(TimePoint now);

    // ---- answers to SignatureWanted
    void provide_signature(Bytes signature_blob, TimePoint now);
    std::optional<EngineEvent> decline_signature(TimePoint now);
    void query_while_signing();

    bool awaits_signature() const noexcept { return userauth_.awaits_signature(); }
    /// Channels may be opened as if the request that is on its way were granted.
    bool is_optimistic() const noexcept { return userauth_.is_optimistic(); }
    const UserauthClient& userauth() const noexcept { return userauth_; }

private:
    std::optional<EngineEvent> follow(UserauthClient::Step step, TimePoint now);
    EngineEvent on_banner(Bytes payload);
    const NameList& algorithms() const noexcept {
        return transport_.peer_extensions().server_sig_algs;
    }

    UserauthClient userauth_;
    Transport& transport_;
    LoginClock& clock_;
    std::size_t banner_bytes_ = 0;
};

}  // namespace culvert
