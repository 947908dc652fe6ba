#pragma once

#include "common/connection/connection_events.hpp"
#include "common/net/dial_failure.hpp"

namespace culvert {

/// What a client is told of a target that couldn't be reached (RFC 4254 5.1).
inline OpenFailure to_open_failure(const DialFailure& failure) {
    const auto reason = failure.kind == DialFailure::Kind::no_descriptors
                            ? OpenFailureReason::resource_shortage
                            : OpenFailureReason::connect_failed;
    return {reason, failure.text};
}

}  // namespace culvert
