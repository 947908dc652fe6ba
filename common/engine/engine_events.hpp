#pragma once

#include <string>
#include <variant>

#include "common/auth/userauth_client.hpp"
#include "common/auth/userauth_server.hpp"
#include "common/connection/connection_events.hpp"
#include "common/transport/transport.hpp"

namespace culvert {

/// The user is authenticated: channels may be opened. On a server the key is that of the verified
/// request, and what the user may do follows from it alone.
struct Authenticated {
    std::string user;
    PublicKey key;
};

/// Text of the server for the user, to be shown escaped (RFC 4252 5.4).
struct BannerReceived {
    std::string text;
};

/// Data wait in the inbox, and nothing more is read before they are offered to their user.
struct InboxFull {};

/// Each kind that asks for an answer says so at its type.
using EngineEvent =
    std::variant<InboxFull, ChannelRequested, RequestDenied, ForwardRequested, ForwardAnswered,
                 HostKeyOffered, HostSignatureWanted, SignatureWanted, PublicKeyRequest,
                 Authenticated, BannerReceived, Rekeyed, PeerDisconnected, YieldDue>;

}  // namespace culvert
