#pragma once

#include <string>

namespace culvert {

/// -E: from here on what goes to stderr goes to the end of this file; a missing one is made, 0600.
/// Throws Error{config}.
void log_to_file(const std::string& path);

}  // namespace culvert
