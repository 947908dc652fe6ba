#pragma once

#include <string_view>

namespace culvert {

/// What --help prints, for `culvert` and for each of its commands.
extern const std::string_view tunnel_help;
extern const std::string_view up_help;
extern const std::string_view check_help;
extern const std::string_view keygen_help;

}  // namespace culvert
