#include "common/base/standard_output.hpp"

#include <poll.h>
#include <unistd.h>

#include <cerrno>

#include "common/base/error.hpp"
#include "common/base/file.hpp"

namespace culvert {

void print(std::string_view text) {
    while (!text.empty()) {
        const ssize_t written = ::write(STDOUT_FILENO, text.data(), text.size());
        if (written >= 0) {
            text.remove_prefix(static_cast<std::size_t>(written));
        } else if (errno == EAGAIN) {
            // Another program that shares it has made it so.
            pollfd room{STDOUT_FILENO, POLLOUT, 0};
            (void)::poll(&room, 1, -1);
        } else if (errno != EINTR) {
            throw Error{ErrorKind::internal, "stdout: can't be written: " + reason_of(errno)};
        }
    }
}

}  // namespace culvert
