#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace culvert {

/// Why a text can be neither a host name nor an address: "not a host name: it ends with a blank".
/// Nothing if it may be one; whether there is such a host, the resolver says.
std::optional<std::string> why_no_host_name(std::string_view text);

/// The same for a pattern of host names, which may hold the wildcards `*` and `?`.
std::optional<std::string> why_no_host_pattern(std::string_view text);

}  // namespace culvert
