#pragma once

#include <string_view>

#include "common/auth/authorized_keys.hpp"

namespace culvert {

/// Puts what the options before a key say into `key`, each as sshd(8) describes it. One that is
/// unknown, malformed or meant for something other than a user's key ends in `key.refused`.
void apply_key_options(std::string_view options, AuthorizedKey& key);

/// Does the pattern list of from="..." name the address? Addresses, networks (10.0.0.0/8) and
/// wildcards, `!` before one that must not match; where only negated ones match, or none, it
/// doesn't. Host names are not looked up, so they never match.
bool from_list_matches(std::string_view list, const IpAddress& peer);

}  // namespace culvert
