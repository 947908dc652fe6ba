#pragma once

#include <string>
#include <vector>

#include <asio/ip/address.hpp>

#include "common/net/address.hpp"

namespace culvert {

/// A name's addresses in the order to try them (RFC 6724), or getaddrinfo's error.
struct Lookup {
    std::vector<asio::ip::address> addresses;
    int error = 0;         ///< EAI_*
    int system_error = 0;  ///< errno, with EAI_SYSTEM
};

/// getaddrinfo(3), for as long as that takes.
Lookup look_up(const std::string& host, AddressFamily family);

}  // namespace culvert
