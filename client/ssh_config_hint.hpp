#pragma once

#include <string>
#include <string_view>

namespace culvert {

/// culvert reads no ssh_config. Where a name that doesn't resolve is one that the file (text of
/// ~/.ssh/config) gives a meaning to, this is what to add to the error; otherwise it is empty.
std::string ssh_config_hint(std::string_view text, std::string_view host);

}  // namespace culvert
