#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>

namespace culvert {

/// What an errno value means, in a few words for the end of a line: "permission denied".
std::string reason_of(int error);

/// The whole of a regular file or device (/dev/null). Throws Error{config} "PATH: no such file" and
/// the like, also for one that is longer than `limit` bytes.
std::string read_file(const std::string& path, std::size_t limit);

/// The same, nothing if there is no such file.
std::optional<std::string> read_file_if_exists(const std::string& path, std::size_t limit);

/// Makes `text` the file's content, whole or not at all: it is written beside it, flushed to the
/// disk, and renamed over it; after a failure (a full disk) the old file is as it was. The mode is
/// set before the first byte is written. A symbolic link is followed, anything but a regular file
/// refused. Throws Error{config}.
void replace_file(const std::string& path, std::string_view text, mode_t mode);

}  // namespace culvert
