#pragma once

#include <cstdint>
#include <utility>

#include "common/base/error.hpp"

namespace culvert {

/// SSH_DISCONNECT_* of RFC 4253 11.1.
enum class DisconnectReason : std::uint32_t {
    host_not_allowed_to_connect = 1,
    protocol_error = 2,
    key_exchange_failed = 3,
    mac_error = 5,
    compression_error = 6,
    service_not_available = 7,
    protocol_version_not_supported = 8,
    host_key_not_verifiable = 9,
    connection_lost = 10,
    by_application = 11,
    too_many_connections = 12,
    auth_cancelled_by_user = 13,
    no_more_auth_methods_available = 14,
    illegal_user_name = 15,
};

/// The peer broke a rule. The connection ends with SSH_MSG_DISCONNECT, this reason and this text.
class ProtocolError : public Error {
public:
    explicit ProtocolError(const std::string& text,
                           DisconnectReason reason = DisconnectReason::protocol_error,
                           Hint hint = {})
        : Error{ErrorKind::protocol, text, std::move(hint)}, reason_{reason} {}

    DisconnectReason reason() const noexcept { return reason_; }

private:
    DisconnectReason reason_;
};

}  // namespace culvert
