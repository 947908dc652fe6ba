#pragma once

#include <string>
#include <string_view>

#include "common/auth/userauth_server.hpp"

namespace culvert {

/// Where a login failed without one.
inline constexpr std::string_view no_key_shown =
    "no key shown (culvertd takes ssh-ed25519 keys only)";

/// What a refused login tried, and why that is no key of a user's; for the log.
std::string describe(const FailedRequest& failed);

}  // namespace culvert
