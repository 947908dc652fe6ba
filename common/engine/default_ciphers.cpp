#include "common/engine/default_ciphers.hpp"

#include "common/transport/proposal.hpp"

namespace culvert {

NameList default_ciphers(const std::vector<AesGcmBackend>& backends) {
    NameList names;
    if (!backends.empty()) names.emplace_back(aes256_gcm);
    names.emplace_back(chacha20_poly1305);
    return names;
}

}  // namespace culvert
