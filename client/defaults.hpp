#pragma once

#include <optional>
#include <string>

#include "client/settings.hpp"
#include "common/config/environment.hpp"

namespace culvert {

/// A tunnel about which nothing was said: OpenSSH's default files, the login name, port 22, the
/// agent at SSH_AUTH_SOCK. It has no server, and no known_hosts or identity where there is no home.
TunnelSettings default_tunnel_settings(const Environment& environment);

/// The agent's socket as IdentityAgent writes it: `none`, `SSH_AUTH_SOCK`, `$NAME` or a path.
/// Nothing for `none`, and where the variable isn't set. Throws Error{config}.
std::optional<std::string> agent_socket(const std::string& written, const Environment& environment);

}  // namespace culvert
