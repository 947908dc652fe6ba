#pragma once

#include <string>
#include <string_view>

#include <unistd.h>

#include "common/base/unique_fd.hpp"

namespace culvert {

/// Where lines go: stderr, whose flags are left as they are since it may be shared, or a file.
class LogOutput {
public:
    /// stderr.
    LogOutput() = default;

    /// A file, to whose end lines go; a missing one is made, 0600. A FIFO is never waited for.
    /// Throws Error{config}; `named` says there who named it.
    LogOutput(const std::string& path, std::string_view named);

    bool is_stderr() const noexcept { return !file_; }
    int fd() const noexcept { return is_stderr() ? STDERR_FILENO : file_.get(); }

private:
    UniqueFd file_;
};

/// Throws Error{config} where that would, and makes nothing.
void expect_writable_log(const std::string& path, std::string_view named);

/// Whether stderr is the connection to systemd's journal that `journal_stream`, the variable
/// JOURNAL_STREAM, names by device and inode (systemd.exec(5)). null: the variable isn't set.
bool stderr_is_journal(const char* journal_stream) noexcept;

}  // namespace culvert
