#include "server/host_key.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <vector>

#include <fmt/format.h>

#include "common/base/error.hpp"
#include "common/base/file.hpp"
#include "common/base/shell_quote.hpp"
#include "common/keys/fingerprint.hpp"
#include "common/keys/key_file.hpp"
#include "common/log/log.hpp"

namespace culvert {
namespace {

bool exists(const std::string& path) {
    std::error_code failure;
    return std::filesystem::symlink_status(path, failure).type() !=
           std::filesystem::file_type::not_found;
}

[[noreturn]] void fail_to_make(const std::string& path, const std::string& why) {
    throw Error{
        ErrorKind::config,
        fmt::format("the host key {} is missing and can't be made: {}", shell_quoted(path), why),
        Hint{"name another file with --host-key FILE"}};
}

std::filesystem::path folder_of(const std::string& path) {
    std::error_code failure;
    const auto absolute = std::filesystem::absolute(path, failure);
    if (failure) fail_to_make(path, reason_of(failure.value()));
    return absolute.parent_path();
}

/// The folders above the file that are missing, the topmost first.
std::vector<std::filesystem::path> missing_folders(const std::string& path) {
    std::vector<std::filesystem::path> missing;
    auto folder = folder_of(path);
    while (!exists(folder) && folder.has_relative_path()) {
        if (!folder.filename().empty()) missing.push_back(folder);
        folder = folder.parent_path();
    }
    std::ranges::reverse(missing);
    return missing;
}

/// With 0700, whatever the umask: what a program keeps of its own, the XDG specification says.
void make_folders_of(const std::string& path) {
    for (const auto& folder : missing_folders(path)) {
        if (::mkdir(folder.c_str(), 0700) == 0) {
            log_info("made the folder {}", shell_quoted(folder.string()));
        } else if (errno != EEXIST) {
            fail_to_make(path,
                         fmt::format("{}: {}", shell_quoted(folder.string()), reason_of(errno)));
        }
    }
}

}  // namespace

const std::string& shown_host_key(std::span<const std::string> paths) {
    const std::string& shown = paths.front();
    for (const std::string& path : paths.subspan(1)) {
        log_info("{}: not used: clients are shown one host key, {}", shell_quoted(path),
                 shell_quoted(shown));
    }
    return shown;
}

PrivateKey load_host_key(const HostKeyFile& file) {
    if (!exists(file.path)) {
        throw Error{ErrorKind::config,
                    fmt::format("the host key {} is missing", shell_quoted(file.path)),
                    Hint{"restore the file: clients don't know the new key that the next start "
                         "would make"}};
    }
    return load_private_key(open_trusted_file(file.path, file.owners), file.path);
}

PrivateKey load_or_make_host_key(const HostKeyFile& file, Random& random) {
    const std::string& path = file.path;
    if (exists(path)) return load_host_key(file);
    make_folders_of(path);
    PrivateKey key = PrivateKey::generate(random, "culvertd host key");
    const std::string public_half = path + ".pub";
    if (exists(public_half)) {
        log_info("{}: replaced: the key it belonged to is gone", shell_quoted(public_half));
        std::error_code shown_by_the_write;
        std::filesystem::remove(public_half, shown_by_the_write);
    }
    write_key_pair(path, key, random);
    log_info("made a host key, {}: {} {}", shell_quoted(path), key.public_key().algorithm(),
             fingerprint(key.public_key()));
    return key;
}

void check_host_key(const HostKeyFile& file) {
    const std::string& path = file.path;
    if (exists(path)) {
        (void)load_host_key(file);
        return;
    }
    const auto missing = missing_folders(path);
    const auto there = missing.empty() ? folder_of(path) : missing.front().parent_path();
    std::error_code failure;
    if (!std::filesystem::is_directory(there, failure)) {
        fail_to_make(path, fmt::format("{}: {}", shell_quoted(there.string()), reason_of(ENOTDIR)));
    }
    if (::faccessat(AT_FDCWD, there.c_str(), W_OK | X_OK, AT_EACCESS) != 0) {
        fail_to_make(path, fmt::format("{}: {}", shell_quoted(there.string()), reason_of(errno)));
    }
    log_info("the host key {} doesn't exist yet: it would be made", shell_quoted(path));
}

}  // namespace culvert
