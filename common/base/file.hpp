#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "common/base/error.hpp"
#include "common/base/unique_fd.hpp"

namespace culvert {

/// What an errno value means, in a few words for the end of a line: "permission denied".
std::string reason_of(int error);

/// The error for a file with which a system call failed: Error{config} "PATH: permission denied",
/// or Error{internal} where it may go better the next time with the same file.
Error file_error(const std::string& path, int error);

/// The whole of a regular file or device (/dev/null). Throws Error{config} "PATH: no such file" and
/// the like, also for one that is longer than `limit` bytes.
std::string read_file(const std::string& path, std::size_t limit);

/// The same, nothing if there is no such file.
std::optional<std::string> read_file_if_exists(const std::string& path, std::size_t limit);

/// The same of a file that is open already; `path` is for errors.
std::string read_opened_file(const UniqueFd& file, const std::string& path, std::size_t limit);

/// Adds a line at the file's end, its newline included, in one write, so that programs which do it
/// at once lose nothing; what was there stays as it is. A last line without a newline gets one. A
/// missing file is made, 0600. Throws Error{config}, for anything but a regular file too.
void append_line(const std::string& path, std::string_view line);

}  // namespace culvert
