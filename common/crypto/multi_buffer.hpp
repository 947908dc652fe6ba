#pragma once

#ifdef CULVERT_HAVE_IPSEC_MB

#include <intel-ipsec-mb.h>

#include <memory>

namespace culvert {

/// A manager of Intel's multi-buffer library, with its code for this CPU. One thread at a time.
using MultiBufferManager = std::unique_ptr<IMB_MGR, void (*)(IMB_MGR*)>;

/// Null where the CPU has no AES or no CLMUL, and when the library's self-test failed. Takes some
/// milliseconds, since it tests itself.
MultiBufferManager make_multi_buffer_manager();

}  // namespace culvert

#endif
