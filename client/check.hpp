#pragma once

#include <span>
#include <string>

#include "client/settings.hpp"

namespace culvert {

/// What `culvert check` prints: for each tunnel a line with its name and server, then one for each
/// forward in the form of the ready line. Ends in a newline.
std::string describe(std::span<const TunnelSettings> tunnels);

}  // namespace culvert
