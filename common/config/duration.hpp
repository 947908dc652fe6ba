#pragma once

#include <chrono>
#include <optional>
#include <string_view>

namespace culvert {

/// `500ms`, `15s`, `2m`, `1h`, `1m30s`, and `0`: largest unit first, each once. Nothing for
/// anything else, a bare number included, and for more than a year.
std::optional<std::chrono::milliseconds> parse_duration(std::string_view text);

/// The same as ssh writes times, in letters of either case: `90` is 90 seconds, and nothing less
/// than a second has a name.
std::optional<std::chrono::seconds> parse_ssh_time(std::string_view text);

}  // namespace culvert
