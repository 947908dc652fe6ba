#pragma once

#include <string>

#include "common/wire/protocol_error.hpp"

namespace culvert {

/// The connection ends with SSH_DISCONNECT_KEY_EXCHANGE_FAILED.
inline ProtocolError kex_failed(const std::string& text) {
    return ProtocolError{text, DisconnectReason::key_exchange_failed};
}

}  // namespace culvert
