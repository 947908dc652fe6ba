#pragma once

#include <span>
#include <string>

#include "client/options.hpp"

namespace culvert {

/// `culvert [flags] [user@]host forward...`: ssh's flags, as far as culvert has them. Throws
/// Error{usage}.
CommandLine parse_tunnel_command_line(std::span<const std::string> arguments,
                                      const Environment& environment);

}  // namespace culvert
