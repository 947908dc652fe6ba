#pragma once

#include <string>

#include "client/settings.hpp"

namespace culvert {

/// -G: what the command line has come to, a line for each setting, with the names and in the form
/// of `ssh -G`. Ends in a newline.
std::string as_ssh_settings(const TunnelSettings& settings);

}  // namespace culvert
