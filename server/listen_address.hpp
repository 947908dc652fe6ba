#pragma once

#include <cstdint>
#include <string_view>

#include "common/base/endpoint.hpp"

namespace culvert {

/// Where culvertd listens when nobody says: not 22, which is sshd's on most machines.
inline constexpr std::uint16_t default_listen_port = 2222;

/// Reads `address:port`, `[v6]:port`, `*:port`, and, with `default_port`, an address or with all
/// addresses a port alone. The host is `*` for all addresses. Throws Error{usage}.
Endpoint parse_listen_address(std::string_view text,
                              std::uint16_t default_port = default_listen_port);

}  // namespace culvert
