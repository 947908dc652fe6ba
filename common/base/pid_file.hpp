#pragma once

#include <string>

namespace culvert {

/// --pid-file: a file with this process's id, as long as it lives. To be made after the fork.
class PidFile {
public:
    /// Replaces what is there. Throws Error{config} if it can't be written.
    explicit PidFile(std::string path);
    PidFile(const PidFile&) = delete;
    PidFile& operator=(const PidFile&) = delete;
    /// Removes it, unless another process has replaced it.
    ~PidFile();

private:
    std::string path_;
};

}  // namespace culvert
