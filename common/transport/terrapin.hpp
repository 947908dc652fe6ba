#pragma once

#include <optional>
#include <string_view>

#include "common/transport/proposal.hpp"
#include "common/wire/protocol_error.hpp"

namespace culvert {

/// What the two sides' first KEXINITs came to.
struct FirstNegotiation {
    Role us;
    std::string_view peer_version;
    const msg::KexInit& peer;
    const Algorithms& ours;
    const Negotiated& negotiated;
    bool strict_is_required;  ///< whatever the cipher
};

/// Why a peer that doesn't know strict KEX is not served, or nothing. Terrapin (CVE-2023-48795):
/// without strict KEX packets can be cut off the beginning unnoticed under chacha20-poly1305.
/// AES-GCM's own packet counter gives it away. The advice names a cipher only if the peer offers it
/// and we can do it.
std::optional<ProtocolError> refusal_without_strict_kex(const FirstNegotiation& exchange);

}  // namespace culvert
