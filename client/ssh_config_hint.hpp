#pragma once

#include <string>
#include <string_view>

namespace culvert {

/// culvert reads no ssh_config. Where a name that doesn't resolve is one that the file (text of
/// ~/.ssh/config) gives a meaning to, this is what to add to the error; otherwise it is empty.
std::string ssh_config_hint(std::string_view text, std::string_view host);

/// The same for the text of a file; empty if it can't be read.
std::string ssh_config_hint_of_file(const std::string& path, std::string_view host);

}  // namespace culvert
