#include "common/net/descriptor_limit.hpp"

#include <sys/resource.h>

namespace culvert {

void raise_descriptor_limit() noexcept {
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

bool is_of_the_last_descriptors(int descriptor) noexcept {
    static const rlim_t most = [] {
        rlimit limit{};
        return getrlimit(RLIMIT_NOFILE, &limit) == 0 ? limit.rlim_cur : RLIM_INFINITY;
    }();
    return static_cast<rlim_t>(descriptor) >= most - most / 10;
}

}  // namespace culvert
