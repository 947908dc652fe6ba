#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace culvert {

/// `4096`, `16K`, `512M`, `1G`, as ssh_config writes sizes; the letters are powers of 1024. Nothing
/// for anything else, and for 8 EiB or more.
std::optional<std::uint64_t> parse_byte_size(std::string_view text);

}  // namespace culvert
