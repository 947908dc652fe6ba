#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "common/base/bytes.hpp"
#include "common/crypto/secret.hpp"

namespace culvert {

using AesGcmIv = std::array<std::byte, 12>;

/// AES-256-GCM (NIST SP 800-38D) with a 96-bit IV and a 128-bit tag, under one key. Sealing and
/// opening allocate nothing. One thread at a time uses an object; the key schedule in it is wiped
/// when it goes.
class Aes256Gcm {
public:
    static constexpr std::size_t tag_size = 16;

    virtual ~Aes256Gcm() = default;

    /// Encrypts `text` where it lies and writes the tag over it and `aad`. No IV may be used twice.
    virtual void seal(const AesGcmIv& iv, Bytes aad, MutableBytes text,
                      std::span<std::byte, tag_size> tag) noexcept = 0;

    /// Verifies in constant time and decrypts `text` where it lies. False for a wrong tag: `text`
    /// is zeros then, since a backend may decrypt while it verifies.
    [[nodiscard]] virtual bool open(const AesGcmIv& iv, Bytes aad, MutableBytes text,
                                    std::span<const std::byte, tag_size> tag) noexcept = 0;
};

enum class AesGcmBackend {
    multi_buffer,  ///< Intel's libipsec-mb: x86-64, with VAES the fastest there is
    sodium,        ///< libsodium: x86-64, from 1.0.19 on also arm64
};

std::string_view name_of(AesGcmBackend backend) noexcept;

/// Those that work on this CPU and in this build, the fastest first. Empty where there is none:
/// then chacha20-poly1305 is all that can be offered. The first call takes some milliseconds, since
/// libipsec-mb tests itself.
const std::vector<AesGcmBackend>& available_aes_gcm_backends();

/// The first of them. Throws Error{internal} if there is none.
AesGcmBackend fastest_of(const std::vector<AesGcmBackend>& backends);

/// `backend` must be an available one.
std::unique_ptr<Aes256Gcm> make_aes256_gcm(AesGcmBackend backend, const CipherKey& key);

}  // namespace culvert
