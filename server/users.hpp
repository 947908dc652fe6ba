#pragma once

#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/auth/authorized_keys.hpp"
#include "common/net/awaitable.hpp"
#include "server/config.hpp"
#include "server/key_reader.hpp"

namespace culvert {

/// What became of a key that somebody wants to log in with. Whether he has its private half is
/// another question: signed_request.hpp.
struct KeyLookup {
    std::optional<KeyPermissions> allowed;  ///< none: refused
    /// For the log: why a key that is listed was refused, and files that can't be read.
    std::vector<std::string> warnings;
    /// The system lacked what it takes to read a file: another time the answer may be another one.
    bool is_provisional = false;
};

/// Who wants to log in, with which key, from where and when.
struct KeyQuestion {
    std::string user;
    PublicKey key;
    IpAddress peer;
    std::chrono::system_clock::time_point now;
};

/// Might anyone log in under this name?
bool knows_user(const ServerConfig& config, std::string_view user);

/// May he? Files are read afresh. An unknown user takes the same way as a known one without keys.
/// Never throws for what a file holds; operation_aborted when cancelled.
awaitable<KeyLookup> look_up_key(const ServerConfig& config, KeyQuestion question,
                                 KeyReader& reader);

/// The user's permit_open; `*:*` for one that only --authorized-keys lets in.
std::span<const OpenRule> open_rules(const ServerConfig& config, std::string_view user);

}  // namespace culvert
