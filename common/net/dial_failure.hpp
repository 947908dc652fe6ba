#pragma once

#include <string>
#include <system_error>

#include "common/base/endpoint.hpp"
#include "common/base/error.hpp"
#include "common/net/deadline.hpp"

namespace culvert {

/// Why a name gave no address, or an address no connection: a value, since a forward's target may
/// well be down.
struct DialFailure {
    enum class Kind {
        refused,
        unreachable,
        timed_out,
        name_not_found,
        lookup_failed,   ///< the name servers don't answer, or too many names are asked for
        no_descriptors,  ///< ours: EMFILE, ENFILE
        other,
    };

    Kind kind = Kind::other;
    std::string text;     ///< a few words that a peer may see: "connection refused"
    std::string details;  ///< for a log: "connection refused (127.0.0.1), host unreachable (::1)"
};

/// What connect(2) and its kin say, without the address.
DialFailure dial_failure(std::error_code reason);

/// From getaddrinfo(3); `system_error` is errno and counts for EAI_SYSTEM.
DialFailure lookup_failure(int eai_error, int system_error);

DialFailure timed_out(const Deadline& deadline);

/// `gw:22: connection refused (127.0.0.1), host unreachable (::1)`
Error to_error(const Endpoint& target, const DialFailure& failure);

}  // namespace culvert
