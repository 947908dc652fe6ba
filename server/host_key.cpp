#include "server/host_key.hpp"

#include <filesystem>

#include <fmt/format.h>

#include "common/base/error.hpp"
#include "common/base/escape.hpp"
#include "common/base/file.hpp"
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

/// Only the last folder of the path: a mistyped one shows.
void make_folder_of(const std::string& path) {
    const auto folder = std::filesystem::path{path}.parent_path();
    if (folder.empty() || exists(folder)) return;
    std::error_code failure;
    std::filesystem::create_directory(folder, failure);
    if (!failure) return;
    throw Error{
        ErrorKind::config,
        fmt::format("the host key {} can't be made: its folder is missing and can't be made "
                    "either: {}; make it, or name another file with --host-key FILE",
                    escaped(path), reason_of(failure.value()))};
}

}  // namespace

const std::string& shown_host_key(std::span<const std::string> paths) {
    const std::string& shown = paths.front();
    for (const std::string& path : paths.subspan(1)) {
        log_info("{}: not used: clients are shown one host key, {}", escaped(path, 1024),
                 escaped(shown, 1024));
    }
    return shown;
}

PrivateKey load_or_make_host_key(const std::string& path, Random& random) {
    if (exists(path)) return load_private_key(path);
    make_folder_of(path);
    PrivateKey key = PrivateKey::generate(random, "culvertd host key");
    const std::string public_half = path + ".pub";
    if (exists(public_half)) {
        log_info("{}: replaced: the key it belonged to is gone", escaped(public_half, 1024));
        std::error_code shown_by_the_write;
        std::filesystem::remove(public_half, shown_by_the_write);
    }
    write_key_pair(path, key, random);
    log_info("made a host key, {}: {} {}", escaped(path, 1024), key.public_key().algorithm(),
             fingerprint(key.public_key()));
    return key;
}

void check_host_key(const std::string& path) {
    if (exists(path)) {
        (void)load_private_key(path);
    } else {
        log_info("{} doesn't exist yet: it would be made", escaped(path, 1024));
    }
}

}  // namespace culvert
