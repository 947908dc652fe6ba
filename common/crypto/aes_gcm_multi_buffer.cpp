#include "common/crypto/aes_gcm_backends.hpp"
#include "common/crypto/multi_buffer.hpp"

#ifdef CULVERT_HAVE_IPSEC_MB

#include <sodium.h>

#include <cassert>
#include <optional>

namespace culvert {
namespace {

/// The library's code for this CPU. A manager hands out plain functions that don't know it, so it
/// is needed to choose them and no longer; there is nothing for threads to share.
struct GcmFunctions {
    aes_gcm_pre_t expand_key;
    aes_gcm_enc_dec_t encrypt;
    aes_gcm_enc_dec_t decrypt;
};

std::optional<GcmFunctions> load_functions() {
    const MultiBufferManager manager = make_multi_buffer_manager();
    if (manager == nullptr) return std::nullopt;
    return GcmFunctions{manager->gcm256_pre, manager->gcm256_enc, manager->gcm256_dec};
}

const std::optional<GcmFunctions>& functions() {
    static const std::optional<GcmFunctions> loaded = load_functions();
    return loaded;
}

class MultiBufferAes256Gcm final : public Aes256Gcm {
public:
    explicit MultiBufferAes256Gcm(const CipherKey& key) : functions_{*functions()} {
        functions_.expand_key(key.reveal().data(), &schedule_);
    }
    MultiBufferAes256Gcm(const MultiBufferAes256Gcm&) = delete;
    MultiBufferAes256Gcm& operator=(const MultiBufferAes256Gcm&) = delete;
    ~MultiBufferAes256Gcm() override {
        sodium_memzero(&schedule_, sizeof schedule_);
        sodium_memzero(&context_, sizeof context_);
    }

    void seal(const AesGcmIv& iv, Bytes aad, MutableBytes text,
              std::span<std::byte, tag_size> tag) noexcept override {
        functions_.encrypt(&schedule_, &context_, uchar(text), uchar(text), text.size(), uchar(iv),
                           uchar(aad), aad.size(), uchar(MutableBytes{tag}), tag_size);
    }

    bool open(const AesGcmIv& iv, Bytes aad, MutableBytes text,
              std::span<const std::byte, tag_size> tag) noexcept override {
        // The library decrypts and computes the tag in one pass; comparing is left to us.
        std::array<std::byte, tag_size> computed{};
        functions_.decrypt(&schedule_, &context_, uchar(text), uchar(text), text.size(), uchar(iv),
                           uchar(aad), aad.size(), uchar(MutableBytes{computed}), tag_size);
        const bool genuine = sodium_memcmp(computed.data(), tag.data(), tag_size) == 0;
        // The right tag of a forged packet would let its sender forge it.
        sodium_memzero(computed.data(), tag_size);
        if (!genuine) sodium_memzero(text.data(), text.size());
        return genuine;
    }

private:
    GcmFunctions functions_;
    gcm_key_data schedule_;
    gcm_context_data context_;  // a member, since it ends up holding key stream
};

}  // namespace

bool multi_buffer_aes_gcm_works() { return functions().has_value(); }

std::unique_ptr<Aes256Gcm> make_multi_buffer_aes_gcm(const CipherKey& key) {
    assert(multi_buffer_aes_gcm_works());
    return std::make_unique<MultiBufferAes256Gcm>(key);
}

}  // namespace culvert

#else

namespace culvert {

bool multi_buffer_aes_gcm_works() { return false; }

std::unique_ptr<Aes256Gcm> make_multi_buffer_aes_gcm(const CipherKey&) { return nullptr; }

}  // namespace culvert

#endif
