#include "server/host_key.hpp"

#include <filesystem>

#include <fmt/format.h>

#include "common/base/error.hpp"
#include "common/base/escape.hpp"
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
    const auto folder = std::filesystem::path{path}.parent_path();
    std::error_code shown_by_the_write;
    if (!folder.empty()) std::filesystem::create_directories(folder, shown_by_the_write);
    PrivateKey key = PrivateKey::generate(random, "culvertd host key");
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
