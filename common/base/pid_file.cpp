#include "common/base/pid_file.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>

#include <fmt/format.h>

#include "common/base/error.hpp"
#include "common/base/file.hpp"
#include "common/base/number.hpp"
#include "common/base/shell_quote.hpp"

namespace culvert {
namespace {

std::string own_line() { return fmt::format("{}\n", ::getpid()); }

std::string read_line(const std::string& path) {
    const UniqueFd file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
    std::array<char, 32> line{};
    const ssize_t size = ::read(file.get(), line.data(), line.size());
    return {line.data(), size > 0 ? static_cast<std::size_t>(size) : 0};
}

[[noreturn]] void fail(const std::string& path, const std::string& why, Hint hint = {}) {
    throw Error{ErrorKind::config, fmt::format("--pid-file: {}: {}", shell_quoted(path), why),
                std::move(hint)};
}

[[noreturn]] void fail_in_use(const std::string& path) {
    const std::string line = read_line(path);
    const auto holder = parse_number<std::uint32_t>(line.substr(0, line.find('\n')));
    fail(path,
         holder ? fmt::format("it is the file of a running process, {}", *holder)
                : "it is the file of a running process",
         Hint{"name another file for this one, or end that process first"});
}

/// Unless another process has removed it, or put another one in its place.
bool has_name(const UniqueFd& file, const std::string& path) {
    struct stat opened {};
    struct stat named {};
    return ::fstat(file.get(), &opened) == 0 && ::stat(path.c_str(), &named) == 0 &&
           named.st_dev == opened.st_dev && named.st_ino == opened.st_ino;
}

bool is_regular(const UniqueFd& file) {
    struct stat status {};
    return ::fstat(file.get(), &status) == 0 && S_ISREG(status.st_mode);
}

enum class Lock { taken, held_by_another };

/// Some file systems know no locks: there the file is taken as it is.
Lock lock(const UniqueFd& file) noexcept {
    const bool is_held = ::flock(file.get(), LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
    return is_held ? Lock::held_by_another : Lock::taken;
}

/// Open for writing, empty and locked. A file that isn't regular, such as /dev/null, is
/// not locked.
UniqueFd open_own(const std::string& path) {
    for (;;) {
        UniqueFd file{::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0644)};
        if (!file) fail(path, "can't be written: " + reason_of(errno));
        if (!is_regular(file)) return file;
        if (lock(file) == Lock::held_by_another) fail_in_use(path);
        if (!has_name(file, path)) continue;
        if (::ftruncate(file.get(), 0) != 0) fail(path, "can't be written: " + reason_of(errno));
        return file;
    }
}

}  // namespace

PidFile::PidFile(std::string path) : path_{std::move(path)}, file_{open_own(path_)} {
    const std::string line = own_line();
    const ssize_t written = ::write(file_.get(), line.data(), line.size());
    if (written != static_cast<ssize_t>(line.size())) {
        fail(path_, "can't be written: " + reason_of(written < 0 ? errno : ENOSPC));
    }
}

PidFile::~PidFile() {
    try {
        // The lock keeps other processes from replacing it between the look and the removal.
        const bool is_own =
            lock(file_) == Lock::taken && has_name(file_, path_) && read_line(path_) == own_line();
        if (is_own) ::unlink(path_.c_str());
    } catch (const std::exception&) {  // no memory: a stale file harms little
    }
}

void PidFile::let_go() noexcept { (void)::flock(file_.get(), LOCK_UN); }

}  // namespace culvert
