#include "common/log/log_output.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <filesystem>
#include <system_error>

#include <fmt/format.h>

#include "common/base/error.hpp"
#include "common/base/number.hpp"
#include "common/base/shell_quote.hpp"

namespace culvert {
namespace {

constexpr int how = O_APPEND | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
/// As many symbolic links as Linux follows.
constexpr int most_links = 40;

bool is_fifo(const std::string& path) {
    struct stat status {};
    return ::stat(path.c_str(), &status) == 0 && S_ISFIFO(status.st_mode);
}

int open_log(const std::string& path) {
    if (is_fifo(path)) {
        // Linux lets a FIFO be opened for both: so its reader may come later, and come and go.
        const int both = ::open(path.c_str(), O_RDWR | O_CREAT | how, 0600);
        if (both >= 0) return both;
    }
    return ::open(path.c_str(), O_WRONLY | O_CREAT | how, 0600);
}

/// 0, or an errno.
int why_not_writable(const std::string& path, int mode) {
    return ::faccessat(AT_FDCWD, path.c_str(), mode, AT_EACCESS) == 0 ? 0 : errno;
}

/// The folder in which open(2) makes a missing file: a symbolic link may lead to another one.
std::filesystem::path folder_of(std::filesystem::path missing) {
    for (int links = 0; links < most_links; ++links) {
        std::error_code no_link;
        const auto target = std::filesystem::read_symlink(missing, no_link);
        if (no_link) break;
        missing = missing.parent_path() / target;
    }
    return missing.has_parent_path() ? missing.parent_path() : ".";
}

/// Why open_log() would fail: 0, or an errno.
int why_not_opened(const std::string& path) {
    // Opening it would be news to its reader.
    if (is_fifo(path)) return why_not_writable(path, W_OK);
    const UniqueFd file{::open(path.c_str(), O_WRONLY | how)};
    if (file) return 0;
    if (errno != ENOENT) return errno;
    return why_not_writable(folder_of(path), W_OK | X_OK);
}

[[noreturn]] void fail(const std::string& path, std::string_view named, int why) {
    throw Error{ErrorKind::config,
                fmt::format("{}: {}: can't be written: {}", named, shell_quoted(path),
                            std::generic_category().message(why))};
}

}  // namespace

LogOutput::LogOutput(const std::string& path, std::string_view named) : file_{open_log(path)} {
    if (!file_) fail(path, named, errno);
}

void expect_writable_log(const std::string& path, std::string_view named) {
    if (const int why = why_not_opened(path)) fail(path, named, why);
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
