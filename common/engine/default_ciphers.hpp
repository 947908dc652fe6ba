#pragma once

#include "common/crypto/aes_gcm.hpp"
#include "common/wire/reader.hpp"

namespace culvert {

/// The ciphers of a machine with these backends, the fastest first: AES-256-GCM where the CPU helps
/// with it.
NameList default_ciphers(const std::vector<AesGcmBackend>& backends = available_aes_gcm_backends());

}  // namespace culvert
