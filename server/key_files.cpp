#include "server/key_files.hpp"

#include <sys/stat.h>

#include <sstream>

#include <fmt/format.h>

#include "common/auth/authorized_keys.hpp"
#include "common/base/error.hpp"
#include "common/base/escape.hpp"
#include "common/base/file.hpp"
#include "common/log/log.hpp"

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

void check_key_file(const std::string& path) {
    const std::string text = read_key_file(path);
    if (text.find(" PRIVATE KEY-----") != std::string::npos) {
        throw Error{ErrorKind::config,
                    fmt::format("{}: a private key, where lines of public ones are wanted: the "
                                "owner's {}.pub has one",
                                escaped(path), escaped(path))};
    }
    std::size_t usable = 0;
    std::istringstream lines{text};
    std::string line;
    for (std::size_t number = 1; std::getline(lines, line); ++number) {
        try {
            const auto found = parse_authorized_key(line);
            if (!found) continue;
            if (found->refused) throw Error{ErrorKind::config, *found->refused};
            if (found->key.algorithm() != ssh_ed25519) {
                throw Error{ErrorKind::config, fmt::format("a key of type {}: culvertd takes "
                                                           "ssh-ed25519 keys only",
                                                           escaped(found->key.algorithm(), 64))};
            }
            ++usable;
        } catch (const Error& error) {
            log_info("{}:{}: lets nobody in: {}", escaped(path), number, error.what());
        }
    }
    if (usable == 0) log_info("{}: no key in it lets anybody in so far", escaped(path));
}

}  // namespace culvert
