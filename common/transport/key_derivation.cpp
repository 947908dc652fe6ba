#include "common/transport/key_derivation.hpp"

#include <sodium.h>

#include <algorithm>

namespace culvert {

void derive_key(MutableBytes key, char letter, const KexSecret& secret, const ExchangeHash& hash,
                const SessionId& session_id) {
    Sha256 k_and_h;
    k_and_h.update(secret.reveal()).update(hash);

    const auto as_byte = static_cast<std::byte>(letter);
    Sha256Digest block = Sha256{k_and_h}.update({&as_byte, 1}).update(session_id).finish();
    for (std::size_t done = 0;;) {
        const std::size_t length = std::min(block.size(), key.size() - done);
        std::copy_n(block.begin(), length, key.begin() + static_cast<std::ptrdiff_t>(done));
        done += length;
        if (done == key.size()) break;
        block = Sha256{k_and_h}.update(key.first(done)).finish();
    }
    sodium_memzero(block.data(), block.size());
}

}  // namespace culvert
