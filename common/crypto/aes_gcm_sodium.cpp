#include <sodium.h>

#include "common/crypto/aes_gcm_backends.hpp"

namespace culvert {
namespace {

// libsodium wants a pointer even where there is nothing to point at.
unsigned char* place_of(MutableBytes text) noexcept {
    static unsigned char nothing;
    return text.empty() ? &nothing : uchar(text);
}

class SodiumAes256Gcm final : public Aes256Gcm {
public:
    explicit SodiumAes256Gcm(const CipherKey& key) {
        crypto_aead_aes256gcm_beforenm(&schedule_, uchar(key.reveal()));
    }
    SodiumAes256Gcm(const SodiumAes256Gcm&) = delete;
    SodiumAes256Gcm& operator=(const SodiumAes256Gcm&) = delete;
    ~SodiumAes256Gcm() override { sodium_memzero(&schedule_, sizeof schedule_); }

    void seal(const AesGcmIv& iv, Bytes aad, MutableBytes text,
              std::span<std::byte, tag_size> tag) noexcept override {
        crypto_aead_aes256gcm_encrypt_detached_afternm(
            place_of(text), uchar(MutableBytes{tag}), nullptr, place_of(text), text.size(),
            uchar(aad), aad.size(), nullptr, uchar(iv), &schedule_);
    }

    bool open(const AesGcmIv& iv, Bytes aad, MutableBytes text,
              std::span<const std::byte, tag_size> tag) noexcept override {
        const int failure = crypto_aead_aes256gcm_decrypt_detached_afternm(
            place_of(text), nullptr, place_of(text), text.size(), uchar(tag), uchar(aad),
            aad.size(), uchar(iv), &schedule_);
        if (failure == 0) return true;
        sodium_memzero(text.data(), text.size());
        return false;
    }

private:
    crypto_aead_aes256gcm_state schedule_;
};

}  // namespace

bool sodium_aes_gcm_works() { return crypto_aead_aes256gcm_is_available() != 0; }

std::unique_ptr<Aes256Gcm> make_sodium_aes_gcm(const CipherKey& key) {
    return std::make_unique<SodiumAes256Gcm>(key);
}

}  // namespace culvert
