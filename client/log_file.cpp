#include "client/log_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include <fmt/format.h>

#include "common/base/error.hpp"
#include "common/base/escape.hpp"
#include "common/base/unique_fd.hpp"

namespace culvert {

void log_to_file(const std::string& path) {
    const UniqueFd file{::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600)};
    if (file.get() < 0 || ::dup2(file.get(), STDERR_FILENO) < 0) {
        throw Error{ErrorKind::config, fmt::format("-E: {}: can't be written: {}", escaped(path),
                                                   std::generic_category().message(errno))};
    }
}

}  // namespace culvert
