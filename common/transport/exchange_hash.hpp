#pragma once

#include <string_view>

#include "common/crypto/sha2.hpp"
#include "common/transport/kex_secret.hpp"

namespace culvert {

/// H, which the host key signs. That of a connection's first exchange is its session id for good
/// (RFC 4253 7.2).
using ExchangeHash = Sha256Digest;
using SessionId = ExchangeHash;

/// What both sides must have seen alike (RFC 8731 3, RFC 5656 4).
struct ExchangeTranscript {
    std::string_view client_version;  ///< without line end
    std::string_view server_version;
    Bytes client_kexinit;  ///< whole payloads
    Bytes server_kexinit;
    Bytes host_key;
    Bytes client_public_key;
    Bytes server_public_key;
};

ExchangeHash exchange_hash(const ExchangeTranscript& transcript, const KexSecret& secret);

}  // namespace culvert
