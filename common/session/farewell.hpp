#pragma once

#include <exception>
#include <optional>
#include <string>

#include "common/wire/protocol_error.hpp"

namespace culvert {

/// What the peer is told when the connection ends: SSH_MSG_DISCONNECT's reason and description
/// (RFC 4253 11.1).
struct Farewell {
    DisconnectReason reason;
    std::string text;
};

/// The farewell for what ended a connection; none where the peer would not receive it.
std::optional<Farewell> farewell_for(const std::exception_ptr& why);

}  // namespace culvert
