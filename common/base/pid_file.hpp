#pragma once

#include <string>

#include "common/base/unique_fd.hpp"

namespace culvert {

/// --pid-file: a file with this process's id, as long as it lives. To be made after the fork.
class PidFile {
public:
    /// Replaces what is there, but not the file of another process that holds it. Throws
    /// Error{config} for that, and if the file can't be written.
    explicit PidFile(std::string path);
    PidFile(const PidFile&) = delete;
    PidFile& operator=(const PidFile&) = delete;
    /// Removes it, unless another process has replaced it.
    ~PidFile();

    /// This process is about to end: another one, which takes its place, may replace the file.
    void let_go() noexcept;

private:
    std::string path_;
    UniqueFd file_;  ///< locked while this process holds the file
};

}  // namespace culvert
