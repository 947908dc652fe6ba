#include "common/engine/default_ciphers.hpp"

#include "common/crypto/aes_gcm.hpp"
#include "common/transport/proposal.hpp"

namespace culvert {

NameList default_ciphers() {
    NameList names;
    if (!available_aes_gcm_backends().empty()) names.emplace_back(aes256_gcm);
    names.emplace_back(chacha20_poly1305);
    return names;
}

}  // namespace culvert
