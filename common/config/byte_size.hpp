#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace culvert {

/// `4096`, `16K`, `512M`, `1G`, as ssh_config writes sizes; the letters are powers of 1024. Nothing
/// for anything else, and for 8 EiB or more.
std::optional<std::uint64_t> parse_byte_size(std::string_view text);

/// The same for the largest receive window of a channel: 64K to 1G, since a message of SSH's may
/// not grant more than 4 GiB and less than two packets stands still. Throws Error{usage}.
std::uint32_t parse_window_bytes(std::string_view text);

/// The same for what all receive windows of the process may claim: 1M or more. Throws Error{usage}.
std::uint64_t parse_window_memory(std::string_view text);

}  // namespace culvert
