#pragma once

#include <string>
#include <string_view>

namespace culvert {

/// culvert reads no ssh_config. Where the file (a user's ~/.ssh/config, with what it includes) has
/// a block for the host, this is what to tell the user; otherwise, and if the file can't be read,
/// it is empty.
std::string ssh_config_hint(const std::string& path, std::string_view host);

}  // namespace culvert
