#pragma once

#include <sys/prctl.h>
#include <sys/resource.h>

namespace culvert {

/// Private and session keys are in this process's memory: a crash must not write them to a file,
/// and no other process of this user may look at them. Best effort: a kernel that says no to one
/// of the two changes nothing about what the program does.
inline void forbid_core_dumps() noexcept {
    constexpr rlimit none{.rlim_cur = 0, .rlim_max = 0};
    (void)::setrlimit(RLIMIT_CORE, &none);
    (void)::prctl(PR_SET_DUMPABLE, 0);
}

}  // namespace culvert
