#pragma once

#include "common/base/error.hpp"
#include "common/engine/login_clock.hpp"
#include "common/transport/transport.hpp"
#include "common/wire/protocol_error.hpp"

namespace culvert {

// What it means that a connection ended before anything was carried, as far as it can be told.

/// How the peer ended the TCP connection.
enum class Gone { closed, reset };

Error peer_gone(const Transport& transport, Role us, bool authenticated, Gone how);

ProtocolError login_too_slow(const Transport& transport, Role us, const LoginClock& clock);

}  // namespace culvert
