#include "common/crypto/aes_gcm_backends.hpp"

#ifdef CULVERT_HAVE_IPSEC_MB

#include <intel-ipsec-mb.h>
#include <sodium.h>

#include <cassert>
#include <cstdint>
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

/// The initialiser for the widest vectors that both the CPU has (the library's flags) and the
/// system saves at a context switch (the compiler's; the library doesn't look).
init_mb_mgr_t choose_initialiser(std::uint64_t features) {
    const auto has = [features](std::uint64_t wanted) { return (features & wanted) == wanted; };
    if (has(IMB_CPUFLAGS_AVX512) && __builtin_cpu_supports("avx512f")) return init_mb_mgr_avx512;
    if (has(IMB_CPUFLAGS_AVX2) && __builtin_cpu_supports("avx2")) return init_mb_mgr_avx2;
    if (has(IMB_CPUFLAGS_AVX) && __builtin_cpu_supports("avx")) return init_mb_mgr_avx;
    if (has(IMB_CPUFLAGS_SSE)) return init_mb_mgr_sse;
    return nullptr;  // no AES or no CLMUL
}

std::optional<GcmFunctions> load_functions() {
    const init_mb_mgr_t initialise = choose_initialiser(imb_get_feature_flags());
    if (initialise == nullptr) return std::nullopt;
    const std::unique_ptr<IMB_MGR, void (*)(IMB_MGR*)> manager{alloc_mb_mgr(0), free_mb_mgr};
    if (manager == nullptr) return std::nullopt;
    initialise(manager.get());
    if (imb_get_errno(manager.get()) != 0) return std::nullopt;  // its self-test failed
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
