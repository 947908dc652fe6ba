#include "server/key_files.hpp"

#include <sys/stat.h>

#include <fmt/format.h>

#include "common/base/error.hpp"
#include "common/base/escape.hpp"
#include "common/base/file.hpp"

namespace culvert {

std::string read_key_file(const std::string& path) {
    constexpr std::size_t longest_file = 16 << 20;
    std::string text = read_file(path, longest_file);
    struct stat status {};
    // sshd's StrictModes asks the same.
    if (::stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode) &&
        (status.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
        throw Error{ErrorKind::config,
                    fmt::format("{}: others than its owner may write to it, and so log in: "
                                "chmod go-w {}",
                                escaped(path), escaped(path))};
    }
    return text;
}

}  // namespace culvert
