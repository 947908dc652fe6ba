#pragma once

#include <cstdint>

#include <fmt/format.h>

#include "common/wire/auth_messages.hpp"
#include "common/wire/protocol_error.hpp"

namespace culvert {

/// Whether a message is of the login: SERVICE_REQUEST and SERVICE_ACCEPT, and those of RFC 4252.
/// To be asked for numbers up to 79 that are not the transport's.
inline bool is_of_login(std::uint8_t number) noexcept {
    return number <= msg::UserauthBanner::number || number == msg::UserauthPkOk::number;
}

inline ProtocolError not_from_this_side(std::uint8_t number) {
    return ProtocolError{fmt::format("message {}, which this side must not send now", number)};
}

}  // namespace culvert
