#include "common/base/pid_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include <fmt/format.h>

#include "common/base/error.hpp"
#include "common/base/file.hpp"
#include "common/base/shell_quote.hpp"
#include "common/base/unique_fd.hpp"

namespace culvert {
namespace {

std::string own_line() { return fmt::format("{}\n", ::getpid()); }

std::string read_line(const std::string& path) {
    const UniqueFd file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
    std::array<char, 32> line{};
    const ssize_t size = ::read(file.get(), line.data(), line.size());
    return {line.data(), size > 0 ? static_cast<std::size_t>(size) : 0};
}

}  // namespace

PidFile::PidFile(std::string path) : path_{std::move(path)} {
    const std::string line = own_line();
    const UniqueFd file{
        ::open(path_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NONBLOCK, 0644)};
    const ssize_t written = file ? ::write(file.get(), line.data(), line.size()) : -1;
    if (written != static_cast<ssize_t>(line.size())) {
        throw Error{ErrorKind::config,
                    fmt::format("--pid-file: {}: can't be written: {}", shell_quoted(path_),
                                reason_of(written < 0 ? errno : ENOSPC))};
    }
}

PidFile::~PidFile() {
    try {
        if (read_line(path_) == own_line()) ::unlink(path_.c_str());
    } catch (const std::exception&) {  // no memory: a stale file harms little
    }
}

}  // namespace culvert
