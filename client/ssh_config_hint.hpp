#pragma once

#include <string>
#include <string_view>

namespace culvert {

/// culvert reads no ssh_config. Where a name that doesn't resolve is one that the file (a user's
/// ~/.ssh/config, with what it includes) gives a meaning to, this is what to add to the error;
/// otherwise, and if the file can't be read, it is empty.
std::string ssh_config_hint(const std::string& path, std::string_view host);

}  // namespace culvert
