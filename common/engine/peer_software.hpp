#pragma once

#include <string_view>

#include "common/auth/userauth_client.hpp"

namespace culvert {

// What is known of a peer by its version line (RFC 4253 4.2), where the protocol leaves it open.

/// When a server is to see a client's first request.
FirstRequest first_request_to(std::string_view version);

/// Whether a server takes a channel right behind the request that lets the user in, ahead of its
/// answer: it must decide about the request before it reads on.
bool takes_early_channels(std::string_view version);

}  // namespace culvert
