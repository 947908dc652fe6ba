#pragma once

#include "common/base/bytes.hpp"
#include "common/transport/exchange_hash.hpp"
#include "common/transport/role.hpp"

namespace culvert {

/// The letters of RFC 4253 7.2 for one direction.
struct KeyLetters {
    char iv;
    char key;
};

constexpr KeyLetters key_letters(Role sender) noexcept {
    return sender == Role::client ? KeyLetters{'A', 'C'} : KeyLetters{'B', 'D'};
}

/// Fills `key` with HASH(K || H || letter || session id), lengthened as RFC 4253 7.2 says.
void derive_key(MutableBytes key, char letter, const KexSecret& secret, const ExchangeHash& hash,
                const SessionId& session_id);

}  // namespace culvert
