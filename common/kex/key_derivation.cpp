#include "common/kex/key_derivation.hpp"

#include <algorithm>

namespace culvert {

void derive_key(MutableBytes key, char letter, const KeySource& source) {
    Hasher k_and_h{source.algorithm};
    k_and_h.update(source.secret.reveal()).update(source.hash);

    const auto as_byte = static_cast<std::byte>(letter);
    Digest block = Hasher{k_and_h}.update({&as_byte, 1}).update(source.session_id).finish();
    for (std::size_t done = 0;;) {
        const Bytes part = block.view().first(std::min(block.view().size(), key.size() - done));
        std::ranges::copy(part, key.subspan(done).begin());
        done += part.size();
        if (done == key.size()) break;
        block = Hasher{k_and_h}.update(key.first(done)).finish();
    }
}

}  // namespace culvert
