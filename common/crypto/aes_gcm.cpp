#include "common/crypto/aes_gcm.hpp"

#include "common/base/error.hpp"
#include "common/crypto/aes_gcm_backends.hpp"
#include "common/crypto/sodium.hpp"

namespace culvert {

std::string_view name_of(AesGcmBackend backend) noexcept {
    return backend == AesGcmBackend::multi_buffer ? "libipsec-mb" : "libsodium";
}

const std::vector<AesGcmBackend>& available_aes_gcm_backends() {
    static const std::vector<AesGcmBackend> backends = [] {
        start_crypto();  // before it, libsodium knows nothing of the CPU
        std::vector<AesGcmBackend> found;
        if (multi_buffer_aes_gcm_works()) found.push_back(AesGcmBackend::multi_buffer);
        if (sodium_aes_gcm_works()) found.push_back(AesGcmBackend::sodium);
        return found;
    }();
    return backends;
}

AesGcmBackend fastest_of(const std::vector<AesGcmBackend>& backends) {
    if (backends.empty()) {
        throw Error{ErrorKind::internal, "this CPU has no instructions for AES-GCM"};
    }
    return backends.front();
}

std::unique_ptr<Aes256Gcm> make_aes256_gcm(AesGcmBackend backend, const CipherKey& key) {
    return backend == AesGcmBackend::multi_buffer ? make_multi_buffer_aes_gcm(key)
                                                  : make_sodium_aes_gcm(key);
}

}  // namespace culvert
