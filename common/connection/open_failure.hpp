#pragma once

#include <string>

#include "common/wire/connection_messages.hpp"

namespace culvert {

/// Why a channel wasn't opened (RFC 4254 5.1).
struct OpenFailure {
    OpenFailureReason reason = OpenFailureReason::connect_failed;
    std::string description;  ///< of the peer: not escaped
};

/// For a message: the reason, and what the peer says of it, escaped.
std::string describe(const OpenFailure& failure);

}  // namespace culvert
