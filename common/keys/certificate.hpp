#pragma once

#include <optional>

#include "common/keys/public_key.hpp"

namespace culvert {

/// The plain key inside of a certificate (OpenSSH's PROTOCOL.certkeys); nothing if `key` is no
/// certificate, one of a type that we don't know, or garbled.
std::optional<PublicKey> certified_key(const PublicKey& key);

}  // namespace culvert
