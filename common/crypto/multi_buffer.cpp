#include "common/crypto/multi_buffer.hpp"

#ifdef CULVERT_HAVE_IPSEC_MB

#include <cstdint>

namespace culvert {
namespace {

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

}  // namespace

MultiBufferManager make_multi_buffer_manager() {
    MultiBufferManager none{nullptr, free_mb_mgr};
    const init_mb_mgr_t initialise = choose_initialiser(imb_get_feature_flags());
    if (initialise == nullptr) return none;
    MultiBufferManager manager{alloc_mb_mgr(0), free_mb_mgr};
    if (manager == nullptr) return none;
    initialise(manager.get());
    if (imb_get_errno(manager.get()) != 0) return none;  // its self-test failed
    return manager;
}

}  // namespace culvert

#endif
