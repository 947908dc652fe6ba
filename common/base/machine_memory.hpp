#pragma once

#include <unistd.h>

#include <cstdint>

namespace culvert {

/// Of the whole machine, in bytes.
inline std::uint64_t machine_memory() noexcept {
    const long pages = sysconf(_SC_PHYS_PAGES);
    const long page = sysconf(_SC_PAGESIZE);
    return pages > 0 && page > 0
               ? static_cast<std::uint64_t>(pages) * static_cast<std::uint64_t>(page)
               : 0;
}

}  // namespace culvert
