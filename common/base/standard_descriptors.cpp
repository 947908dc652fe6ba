#include "common/base/standard_descriptors.hpp"

#include <fcntl.h>
#include <unistd.h>

namespace culvert {

void open_missing_standard_descriptors() noexcept {
    // The lowest free number is given: one above them says that none of them is free.
    int opened = 0;
    do {
        opened = ::open("/dev/null", O_RDWR);  // NOLINT(android-cloexec-open): as those of a shell
    } while (opened >= 0 && opened <= STDERR_FILENO);
    if (opened >= 0) ::close(opened);
}

}  // namespace culvert
