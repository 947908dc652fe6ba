#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "common/base/trusted_file.hpp"

namespace culvert {

struct ServerConfig;

/// An authorized_keys file, and who may own it.
struct KeyFile {
    std::string path;
    TrustedOwners owners;

    friend auto operator<=>(const KeyFile&, const KeyFile&) = default;
};

/// A file that --authorized-keys names may belong to anybody: whoever starts culvertd vouches for
/// it.
KeyFile any_user_key_file(const std::string& path);

/// A user's file may belong to the account of the system that has his name.
KeyFile user_key_file(const std::string& path, std::string_view user);

/// The text of an authorized_keys file. Throws Error{config} if it can't be read, is larger than
/// 16 MiB, or isn't to be trusted (trusted_file.hpp): whoever writes to it logs in.
std::string read_key_file(const KeyFile& file);

/// The same when culvertd starts, where a mistake is best found: throws also for a private key, and
/// logs what lets nobody in.
void check_key_file(const KeyFile& file);

/// The same for the files of all users. One that is bad is logged, as at a login, and lets nobody
/// in; the others do. Returns how many are bad.
std::size_t check_user_key_files(const ServerConfig& config);

}  // namespace culvert
