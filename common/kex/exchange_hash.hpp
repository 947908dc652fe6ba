#pragma once

#include <string_view>

#include "common/kex/digest.hpp"
#include "common/kex/kex_secret.hpp"

namespace culvert {

/// H, which the host key signs. That of a connection's first exchange is its session id for good
/// (RFC 4253 7.2).
using ExchangeHash = Digest;
using SessionId = ExchangeHash;

/// What both sides must have seen alike (RFC 5656 4, RFC 8731 3).
struct ExchangeTranscript {
    std::string_view client_version;  ///< without line end
    std::string_view server_version;
    Bytes client_kexinit;  ///< whole payloads
    Bytes server_kexinit;
    Bytes host_key;
    Bytes client_init;  ///< what the method's two messages carry
    Bytes server_reply;
};

ExchangeHash exchange_hash(HashAlgorithm algorithm, const ExchangeTranscript& transcript,
                           const KexSecret& secret);

}  // namespace culvert
