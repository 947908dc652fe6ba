#include "common/log/log_output.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <system_error>

#include <fmt/format.h>

#include "common/base/error.hpp"
#include "common/base/number.hpp"
#include "common/base/shell_quote.hpp"

namespace culvert {
namespace {

constexpr int how = O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY;

bool is_fifo(const std::string& path) {
    struct stat status {};
    return ::stat(path.c_str(), &status) == 0 && S_ISFIFO(status.st_mode);
}

int open_log(const std::string& path) {
    if (is_fifo(path)) {
        // Linux lets a FIFO be opened for both: so its reader may come later, and come and go.
        const int both = ::open(path.c_str(), O_RDWR | O_NONBLOCK | how, 0600);
        if (both >= 0) return both;
    }
    return ::open(path.c_str(), O_WRONLY | O_NONBLOCK | how, 0600);
}

}  // namespace

LogOutput::LogOutput(const std::string& path, std::string_view named) : file_{open_log(path)} {
    if (!file_) {
        throw Error{ErrorKind::config,
                    fmt::format("{}: {}: can't be written: {}", named, shell_quoted(path),
                                std::generic_category().message(errno))};
    }
}

bool stderr_is_journal(const char* journal_stream) noexcept {
    if (journal_stream == nullptr) return false;
    const std::string_view text = journal_stream;
    const std::size_t colon = text.find(':');
    if (colon == text.npos) return false;
    const auto device = parse_number<dev_t>(text.substr(0, colon));
    const auto inode = parse_number<ino_t>(text.substr(colon + 1));
    struct stat status {};
    return device && inode && ::fstat(STDERR_FILENO, &status) == 0 && status.st_dev == *device &&
           status.st_ino == *inode;
}

}  // namespace culvert
