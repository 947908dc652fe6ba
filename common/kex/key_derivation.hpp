#pragma once

#include "common/base/bytes.hpp"
#include "common/kex/exchange_hash.hpp"
#include "common/wire/role.hpp"

namespace culvert {

/// The letters of RFC 4253 7.2 for one direction.
struct KeyLetters {
    char iv;
    char key;
};

constexpr KeyLetters key_letters(Role sender) noexcept {
    return sender == Role::client ? KeyLetters{'A', 'C'} : KeyLetters{'B', 'D'};
}

/// What keys are derived from (RFC 4253 7.2). The session id may be another algorithm's.
struct KeySource {
    HashAlgorithm algorithm;
    const KexSecret& secret;
    const ExchangeHash& hash;
    const SessionId& session_id;
};

/// Fills `key` with HASH(K || H || letter || session id), lengthened as RFC 4253 7.2 says.
void derive_key(MutableBytes key, char letter, const KeySource& source);

}  // namespace culvert
