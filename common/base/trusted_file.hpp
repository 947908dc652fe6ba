#pragma once

#include <compare>
#include <optional>
#include <string>

#include "common/base/unique_fd.hpp"

namespace culvert {

/// Who may own a trusted file and the folders above it, beside root and the user that this process
/// runs as.
struct TrustedOwners {
    bool anybody = false;   ///< for a file that the command line names
    std::string account{};  ///< this account of the system, if there is one; empty: no other

    friend auto operator<=>(const TrustedOwners&, const TrustedOwners&) = default;
};

/// Opens a file that decides who gets in, or what may be done, for reading. Throws Error{config}
/// with a hint if somebody else could have written it or put it there:
///  - the file or a folder above it may be written to by its group or by others, unless the folder
///    has the sticky bit and what is entered there belongs to root, this process's user or the
///    account;
///  - the file, or a folder above it, belongs to none of `owners`.
/// Symbolic links are followed one folder at a time, so that the folders that hold them count too.
/// A device (/dev/null) may be written to by anybody. Also throws for what can't be opened, and for
/// anything but a regular file or a device.
UniqueFd open_trusted_file(const std::string& path, const TrustedOwners& owners);

/// Its whole text, through the descriptor that was checked; not more than `limit` bytes.
std::string read_trusted_file(const std::string& path, std::size_t limit,
                              const TrustedOwners& owners);

/// The file, or the folder above it, that keeps everybody but root from reading the file; nothing
/// if others can read it, or if it isn't there.
std::optional<std::string> what_only_root_reads(const std::string& path);

}  // namespace culvert
