#include "common/base/file.hpp"
#include "common/base/shell_quote.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>

#include <fmt/format.h>

namespace culvert {
namespace {

/// Whether it may be over the next time, with the same file.
bool is_of_the_system(int error) {
    return error == EMFILE || error == ENFILE || error == ENOMEM || error == EIO ||
           error == EAGAIN || error == ETIMEDOUT || error == ESTALE;
}

[[noreturn]] void fail(const std::string& path, int error) { throw file_error(path, error); }

/// `written` is right also when it throws.
void write_all(int descriptor, std::string_view text, const std::string& path,
               std::size_t& written) {
    while (written < text.size()) {
        const ssize_t n = ::write(descriptor, text.data() + written, text.size() - written);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) fail(path, errno);
        written += static_cast<std::size_t>(n);
    }
}

/// What was appended to a file of this size, unless another program has appended as well.
void take_back(int descriptor, off_t size_before, std::size_t written) {
    struct stat now {};
    if (::fstat(descriptor, &now) != 0) return;
    if (now.st_size == size_before + static_cast<off_t>(written)) {
        (void)!::ftruncate(descriptor, size_before);
    }
}

/// Also of an empty file.
bool ends_in_newline(int descriptor, off_t size) {
    char last = '\n';
    return size == 0 || (::pread(descriptor, &last, 1, size - 1) == 1 && last == '\n');
}

}  // namespace

std::string reason_of(int error) {
    switch (error) {
        case ENOENT:
            return "no such file";
        case EACCES:
            return "permission denied";
        case EISDIR:
            return "is a directory";
        case ENOSPC:
            return "no space left on the disk";
        case EPIPE:
            return "broken pipe";
        default:
            return std::generic_category().message(error);
    }
}

Error file_error(const std::string& path, int error) {
    return {is_of_the_system(error) ? ErrorKind::internal : ErrorKind::config,
            fmt::format("{}: {}", shell_quoted(path), reason_of(error))};
}

std::optional<std::string> read_file_if_exists(const std::string& path, std::size_t limit) {
    // Without O_NONBLOCK a FIFO would hold us up before we know that it is one.
    const UniqueFd file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
    if (file.get() < 0) {
        if (errno == ENOENT) return std::nullopt;
        fail(path, errno);
    }
    return read_opened_file(file, path, limit);
}

std::string read_opened_file(const UniqueFd& file, const std::string& path, std::size_t limit) {
    struct stat status {};
    if (::fstat(file.get(), &status) != 0) fail(path, errno);
    if (S_ISDIR(status.st_mode)) fail(path, EISDIR);
    // /dev/null is a way to say "no file".
    if (!S_ISREG(status.st_mode) && !S_ISCHR(status.st_mode)) {
        throw Error{ErrorKind::config, fmt::format("{}: not a regular file", shell_quoted(path))};
    }
    std::string text;
    std::array<char, 16'384> block{};
    for (;;) {
        const ssize_t n = ::read(file.get(), block.data(), block.size());
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) fail(path, errno);
        if (n == 0) return text;
        text.append(block.data(), static_cast<std::size_t>(n));
        if (text.size() > limit) {
            throw Error{ErrorKind::config,
                        fmt::format("{}: longer than {} bytes, the limit for such a file",
                                    shell_quoted(path), limit)};
        }
    }
}

std::string read_file(const std::string& path, std::size_t limit) {
    if (auto text = read_file_if_exists(path, limit)) return *std::move(text);
    fail(path, ENOENT);
}

void append_line(const std::string& path, std::string_view line) {
    constexpr int flags = O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK;
    UniqueFd file{::open(path.c_str(), flags, 0600)};
    struct stat status {};
    if (file.get() < 0 || ::fstat(file.get(), &status) != 0) fail(path, errno);
    if (!S_ISREG(status.st_mode)) {
        throw Error{ErrorKind::config, fmt::format("{}: not a regular file", shell_quoted(path))};
    }
    const bool on_its_own = ends_in_newline(file.get(), status.st_size);
    const std::string text = fmt::format("{}{}", on_its_own ? "" : "\n", line);
    std::size_t written = 0;
    try {
        write_all(file.get(), text, path, written);
        if (::fsync(file.get()) != 0) fail(path, errno);
    } catch (...) {
        take_back(file.get(), status.st_size, written);
        throw;
    }
    // Some file systems report a full disk here.
    if (::close(file.release()) != 0) fail(path, errno);
}

}  // namespace culvert
