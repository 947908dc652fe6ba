#pragma once

#include <variant>

#include "common/keys/private_key.hpp"
#include "common/transport/transport.hpp"

namespace culvert::test {

/// True if `event` asks for the host key's signature. A transport or an engine is then given it,
/// by this key and at once.
bool sign_as_host(auto& asks, const auto& event, const PrivateKey& key, TimePoint now) {
    const auto* const wanted = std::get_if<HostSignatureWanted>(&event);
    if (wanted == nullptr) return false;
    asks.provide_host_signature(key.sign(wanted->data), now);
    return true;
}

}  // namespace culvert::test
